Feature: Saved playlists
  Blessed users arrange titles in a list of their own, save it under a name, and come back to it later.

  Background:
    Given alice is an admin, bob is blessed and carol is a viewer
    And the catalogue has "Nosferatu", "Häxan", "Metropolis", "Sherlock Jr", "The General"

  Rule: A working list becomes a playlist, in the order in which it stands

    @GH-004 @GH-006
    Scenario: What was found and added is saved in this order
      Given bob has an empty working list
      When bob searches for "metropolis" and adds what he finds
      And bob searches for "haxan" and adds what he finds
      And bob searches for "general" and adds what he finds
      And bob saves the working list as "Friday"
      Then "Friday" holds "Metropolis", "Häxan", "The General"

    @GH-004
    Scenario: What was removed from the working list is not saved
      Given bob has a working list of "Metropolis", "Häxan", "The General"
      When bob removes "Häxan" from the working list
      And bob saves the working list as "Friday"
      Then "Friday" holds "Metropolis", "The General"

    @GH-005
    Scenario: The order that the working list was dragged into is the order saved
      Given bob has a working list of "Metropolis", "Häxan", "The General"
      When bob drags "The General" to the top
      And bob saves the working list as "Friday"
      Then "Friday" holds "The General", "Metropolis", "Häxan"

    @GH-006
    Scenario: A title may stand in a playlist twice
      Given bob has a working list of "Metropolis", "Häxan", "Metropolis"
      When bob saves the working list as "Friday"
      Then "Friday" holds "Metropolis", "Häxan", "Metropolis"

    @GH-006
    Scenario: A saved playlist keeps ids in order, and what was known of each title
      Given bob has a working list of "The General", "Nosferatu"
      When bob saves the working list as "Friday"
      Then "Friday" is kept as
        | video_id   | title       | minutes |
        | TheGeneral | The General | 90      |
        | Nosferatu  | Nosferatu   | 90      |
      And "Friday" is version 1, by bob

    @GH-006 @GH-009
    Scenario: A title that has left the catalogue stays in the playlist, and it says why it cannot be queued
      Given the playlist "Friday" with "Häxan", "Nosferatu"
      When the titles "Häxan" are gone from the catalogue
      Then "Friday" holds "Häxan", "Nosferatu"
      And "Häxan" is shown in "Friday" as unavailable: "This title is not in the catalogue any more."

  Rule: Names are unique, whatever their case

    @GH-006
    Scenario Outline: A taken name is refused, and another one suggested
      Given the playlist "Friday Night" with "Häxan"
      When bob saves a playlist with "Metropolis" as "<typed>"
      Then it is refused, because the name is taken
      And bob is offered the name "<suggested>" instead
      When bob saves a playlist with "Metropolis" as "<suggested>"
      Then "<suggested>" holds "Metropolis"
      And "Friday Night" holds "Häxan"

      Examples:
        | typed           | suggested      |
        | Friday Night    | Friday Night 2 |
        | friday NIGHT    | friday NIGHT 2 |

    @GH-006
    Scenario: A name that is suggested is free
      Given the playlist "Friday Night" with "Häxan"
      And the playlist "Friday Night 2" with "Nosferatu"
      When bob saves a playlist with "Metropolis" as "Friday Night"
      Then it is refused, because the name is taken
      And bob is offered the name "Friday Night 3" instead

    @GH-006
    Scenario: Blanks around a name do not make it another one
      Given the playlist "Friday Night" with "Häxan"
      When bob saves a playlist with "Metropolis" as "  Friday Night "
      Then it is refused, because the name is taken
      And bob is offered the name "Friday Night 2" instead

    @GH-006
    Scenario: Of two people who save under one name at once, one is told
      When bob and alice save playlists as "Friday" at once
      Then one of them has saved "Friday" and the other is told that the name is taken

    @GH-006
    Scenario Outline: Some names cannot be
      When bob saves a playlist with "Häxan" under <name>
      Then it is refused, because such a name cannot be

      Examples:
        | name                        |
        | no name                     |
        | nothing but blanks          |
        | a name of 101 letters       |
        | a name over two lines       |

    @GH-006
    Scenario Outline: Any other name comes back as it was typed
      When bob saves a playlist with "Häxan" as "<name>"
      Then "<name>" holds "Häxan"

      Examples:
        | name                          |
        | Ünïcode & <b>markup</b>       |
        | '; DROP TABLE playlists; --   |
        | 🎃 ñoche / ..                 |

    @GH-006 @GH-007
    Scenario: Renaming frees the name and takes the new one
      Given the playlist "Friday" with "Häxan"
      And the playlist "Sunday" with "Metropolis"
      When bob renames "Friday" to "SUNDAY"
      Then it is refused, because the name is taken
      When bob renames "Friday" to "Saturday"
      And bob saves a playlist with "Nosferatu" as "friday"
      Then "Saturday" holds "Häxan"
      And "friday" holds "Nosferatu"

  Rule: Playlists can be looked through, loaded and edited

    @GH-007
    Scenario: The list of playlists tells what is in them
      Given the playlist "sunday" with "Metropolis"
      And the playlist "Friday" with "Häxan", "Nosferatu"
      When carol looks at the playlists
      Then carol reads
        | name   | items | minutes | version | by    |
        | Friday | 2     | 180     | 1       | alice |
        | sunday | 1     | 90      | 1       | alice |

    @GH-005 @GH-007
    Scenario: Reordered, shortened and saved again
      Given the playlist "Friday" with "Häxan", "Nosferatu", "Metropolis"
      When bob loads "Friday" into the working list
      And bob drags "Metropolis" to the top
      And bob removes "Nosferatu" from the working list
      And bob saves the working list over "Friday"
      Then "Friday" holds "Metropolis", "Häxan"
      And "Friday" is version 2, by bob

    @GH-007
    Scenario: Who did not see the last save cannot overwrite it unawares
      Given the playlist "Friday" with "Häxan"
      And bob has loaded "Friday" into the working list
      When alice adds "Metropolis" to "Friday"
      And bob drags "Häxan" to the top
      And bob saves the working list over "Friday"
      Then it is refused, because somebody else has saved it meanwhile
      And bob is told that version 2 is the current one
      And "Friday" holds "Häxan", "Metropolis"
      When bob saves the working list over "Friday" all the same
      Then "Friday" holds "Häxan"
      And "Friday" is version 3, by bob

    @GH-007
    Scenario: An earlier version comes back
      Given the playlist "Friday" with "Häxan"
      And alice has added "Metropolis" to "Friday"
      When bob goes back to version 1 of "Friday"
      Then "Friday" holds "Häxan"
      And "Friday" is version 3, by bob
      And the versions of "Friday" are 3, 2, 1

    @GH-007
    Scenario: The last 20 versions are kept
      Given the playlist "Friday" with "Häxan"
      And "Friday" has been saved 21 times more
      When bob goes back to version 2 of "Friday"
      Then it is refused, because there is no such version
      When bob goes back to version 3 of "Friday"
      Then "Friday" is version 23, by bob

    @GH-007
    Scenario: Two people add to one playlist at once, and neither is lost
      Given the playlist "Friday" with "Häxan"
      When bob and alice add "Metropolis" and "Nosferatu" to "Friday" at once
      Then one of them has saved "Friday" and the other is told that it was saved meanwhile

  Rule: What is deleted can be had back for thirty days

    @GH-007
    Scenario: A deleted playlist is gone from the list, and its name is free
      Given the playlist "Friday" with "Häxan"
      When bob deletes "Friday"
      Then the playlists are none
      When bob saves a playlist with "Metropolis" as "Friday"
      Then "Friday" holds "Metropolis"

    @GH-007
    Scenario: It comes back as it was
      Given the playlist "Friday" with "Häxan", "Metropolis"
      And bob has deleted "Friday"
      When bob restores the deleted "Friday"
      Then "Friday" holds "Häxan", "Metropolis"
      And "Friday" is version 2, by bob
      And nothing is left to restore

    @GH-007
    Scenario: Under a name that is in use again it does not come back
      Given the playlist "Friday" with "Häxan"
      And bob has deleted "Friday"
      And the playlist "friday" with "Metropolis"
      When bob restores the deleted "Friday"
      Then it is refused, because the name is taken
      And "friday" holds "Metropolis"

    @GH-007
    Scenario Outline: After thirty days it is gone for good
      Given the playlist "Friday" with "Häxan"
      And bob has deleted "Friday"
      When <days> days pass
      And the service tidies up
      Then what can be restored is <restorable>

      Examples:
        | days | restorable |
        | 29   | "Friday"   |
        | 30   | nothing    |

    @GH-007
    Scenario: Nobody deletes what somebody else has just changed
      Given the playlist "Friday" with "Häxan"
      And bob has loaded "Friday" into the working list
      When alice adds "Metropolis" to "Friday"
      And bob deletes what he has loaded
      Then it is refused, because somebody else has saved it meanwhile
      And "Friday" holds "Häxan", "Metropolis"
