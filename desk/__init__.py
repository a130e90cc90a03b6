"""Pages for people: accounts, sessions, drafts and notices; all that is shown and done goes through the lanes' HTTP calls."""
