Feature: What maintainers rely on
  One version, and the words of this service rather than those of its predecessor.

  @GH-014
  Scenario: The version that runs is the one that stands in pyproject.toml
    When somebody asks the service for its version
    Then it is the version of pyproject.toml
    And no other file of the code names a version

  @GH-014
  Scenario: The predecessor's word for whoever runs a channel is nowhere
    Then that word stands neither in the code, nor in the features, tests and documentation
