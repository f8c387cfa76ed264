"""Who looked at what and changed what, in a chain that shows when somebody meddled with it."""
