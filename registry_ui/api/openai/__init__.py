"""OpenAI's interface to models that chat, write or embed, so that its clients need nothing but another `base_url`."""
