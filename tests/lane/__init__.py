"""What every lane is made of: settings, files, due times, inboxes."""
