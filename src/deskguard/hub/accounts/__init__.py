"""Who may do what: people and their sessions, desks and their keys."""
