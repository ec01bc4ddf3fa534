"""The pages that people tap: server-rendered, small scripts, no build step."""
