"""CyTube as its clients see it: frames, what they tell of the channel, which of them answers a command."""
