"""The pure domain of Kryten Playlist: rules, use-cases and the ports they need."""
