"""The account pages: coming in, API tokens, the password."""
