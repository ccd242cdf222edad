"""Suggestions: a model's tokens, streamed into a card. The card never waits for them."""
