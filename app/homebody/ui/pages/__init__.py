"""The pages beside the conversation. Each is imported and built when it is first shown."""
