"""What every lane is made of: journal, consumer, relay, readiness; inbox, due times, files, settings, the HTTP face."""
