"""Rules and settings that the hub sends: verified, tried, kept, and used in the place of the desk's own."""
