"""The night: findings of recordings kept, looked at by people, and scored by a card."""
