"""The window: pipeline, alerts, store, staff screen."""
