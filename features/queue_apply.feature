Feature: Putting a playlist on the air
  A saved playlist becomes the channel's queue, without a gap, and everybody is told what became of each title.

  Background:
    Given alice is an admin, bob is blessed and carol is a viewer
    And the catalogue has "Nosferatu", "Häxan", "Metropolis", "Sherlock Jr", "The General"

  Rule: What plays goes on, and the playlist follows

    @GH-009
    Scenario: The playing title stays, and all that was behind it is replaced
      Given the channel plays "Nosferatu", followed by "Häxan", "The General"
      And the playlist "Friday" with "Metropolis", "Sherlock Jr"
      When bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Nosferatu", followed by "Metropolis", "Sherlock Jr"
      And bob is told that 2 titles are in the queue: 0 kept, 0 moved, 2 added
      And no title has failed

    @GH-009
    Scenario: That is also what happens when nobody chooses
      Given the channel plays "Nosferatu", followed by "Häxan"
      And the playlist "Friday" with "Metropolis"
      When bob puts "Friday" on the air without choosing how
      Then the channel plays "Nosferatu", followed by "Metropolis"

    @GH-009
    Scenario: A silent channel begins to play
      Given the playlist "Friday" with "Metropolis", "Sherlock Jr"
      When bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Metropolis", followed by "Sherlock Jr"

    @GH-009
    Scenario: Each title is queued by the address of its manifest
      Given the catalogue holds these titles
        | video_id  | title      | categories | minutes |
        | uLWjOHiVD | Metropolis | Films      | 153     |
        | kjWdz7-A_ | Häxan      | Films      | 105     |
      And the playlist "Friday" with "Metropolis", "Häxan"
      When bob puts "Friday" on the air, keeping what plays
      Then the queue is
        | title      | manifest                                                                             | added by  | stays |
        | Metropolis | https://www.420grindhouse.com/api/v1/media/cytube/uLWjOHiVD.json?format=json | KrytenBot | yes   |
        | Häxan      | https://www.420grindhouse.com/api/v1/media/cytube/kjWdz7-A_.json?format=json | KrytenBot | yes   |

    @GH-009
    Scenario: What is there already is moved rather than added again
      Given the channel plays "Nosferatu", followed by "Häxan", "The General", "Metropolis"
      And the playlist "Friday" with "Metropolis", "Sherlock Jr", "Häxan"
      When bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Nosferatu", followed by "Metropolis", "Sherlock Jr", "Häxan"
      And bob is told that 3 titles are in the queue: 1 kept, 1 moved, 1 added

    @GH-009
    Scenario: Done a second time, nothing is sent to the channel any more
      Given the channel plays "Nosferatu", followed by "Häxan"
      And the playlist "Friday" with "Metropolis", "Sherlock Jr"
      And bob has put "Friday" on the air, keeping what plays
      When bob puts "Friday" on the air, keeping what plays
      Then nothing is sent to the channel
      And bob is told that 2 titles are in the queue: 2 kept, 0 moved, 0 added

    @GH-009
    Scenario: A long playlist arrives complete, however slow the channel takes it
      Given the playlist "Friday" with 25 titles
      And the channel plays "Nosferatu"
      When bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Nosferatu", followed by the 25 titles of "Friday"
      And bob is told that 25 titles are in the queue: 0 kept, 0 moved, 25 added

  Rule: Or the playlist goes to the end of the queue

    @GH-009
    Scenario: The queue stays as it is, and the playlist comes behind it
      Given the channel plays "Nosferatu", followed by "Häxan"
      And the playlist "Friday" with "Metropolis", "Sherlock Jr"
      When bob appends "Friday" to the queue
      Then the channel plays "Nosferatu", followed by "Häxan", "Metropolis", "Sherlock Jr"
      And bob is told that 2 titles are in the queue: 0 kept, 0 moved, 2 added

    @GH-009
    Scenario: What stands in the queue already goes to its end, and bob is told beforehand
      Given the channel plays "Nosferatu", followed by "Metropolis", "Häxan"
      And the playlist "Friday" with "Metropolis", "Sherlock Jr"
      When bob looks what appending "Friday" would do
      Then bob is warned beforehand: "1 of these are in the queue already and move to its end."
      When bob appends "Friday" to the queue
      Then the channel plays "Nosferatu", followed by "Häxan", "Metropolis", "Sherlock Jr"
      And bob is told that 2 titles are in the queue: 0 kept, 1 moved, 1 added

  Rule: A title that fails does not spoil the others

    @GH-009
    Scenario Outline: The channel refuses one title, takes the others, and says why
      Given the channel plays "Nosferatu"
      And the playlist "Friday" with "Metropolis", "Häxan", "Sherlock Jr"
      And the channel will <refuse> "Häxan"
      When bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Nosferatu", followed by "Metropolis", "Sherlock Jr"
      And bob is told that 2 titles are in the queue: 0 kept, 0 moved, 2 added
      And these titles have failed
        | title | reason   | in words |
        | Häxan | <reason> | <words>  |

      Examples:
        | refuse                   | reason       | words                                     |
        | not find the manifest of | bad_manifest | Expected HTTP 200 OK, not 404 Not Found   |
        | not answer to            | no_answer    | The channel did not answer.               |
        | fail to play             | refused      | Playlist failure                          |

    @GH-009
    Scenario: What comes too fast for the channel is tried again, and has not failed
      Given the channel plays "Nosferatu"
      And the playlist "Friday" with "Metropolis", "Häxan"
      And the channel will find that "Häxan" comes too fast
      When bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Nosferatu", followed by "Metropolis", "Häxan"
      And no title has failed

    @GH-009
    Scenario: A title that is not in the catalogue any more is reported, and never sent
      Given the playlist "Friday" with "Metropolis", "Häxan"
      And the channel plays "Nosferatu"
      When the titles "Häxan" are gone from the catalogue
      And bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Nosferatu", followed by "Metropolis"
      And these titles have failed
        | title | reason      | in words                                     |
        | Häxan | unavailable | This title is not in the catalogue any more. |

    @GH-009
    Scenario: The channel takes no title twice, and what plays now is not added again
      Given the channel plays "Nosferatu", followed by "The General"
      And the playlist "Friday" with "Metropolis", "Nosferatu", "Metropolis"
      When bob looks what putting "Friday" on the air would do
      Then bob is told beforehand that these titles would fail
        | title      | reason              | in words                                                   |
        | Nosferatu  | playing_now         | This title is playing right now.                           |
        | Metropolis | already_on_playlist | The channel refuses duplicates, and this title is there already. |
      When bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Nosferatu", followed by "Metropolis"
      And bob is told that 1 titles are in the queue: 0 kept, 0 moved, 1 added
      And these titles have failed
        | title      | reason              | in words                                                   |
        | Nosferatu  | playing_now         | This title is playing right now.                           |
        | Metropolis | already_on_playlist | The channel refuses duplicates, and this title is there already. |

    @GH-009
    Scenario: When no title at all can be had, the queue stays as it was
      Given the channel plays "Nosferatu", followed by "The General"
      And the playlist "Friday" with "Häxan"
      And the channel will not find the manifest of "Häxan"
      When bob puts "Friday" on the air, keeping what plays
      Then the channel plays "Nosferatu", followed by "The General"
      And bob is told "None of the items could be queued; the queue was left as it was."

    @GH-009
    Scenario: An empty playlist is not put on the air
      Given the playlist "Friday" with nothing in it
      When bob puts "Friday" on the air, keeping what plays
      Then it is refused, because it is empty

  Rule: The plan says what would happen, and nothing happens

    @GH-009
    Scenario: Looking at the plan sends nothing
      Given the channel plays "Nosferatu", followed by "Häxan", "The General"
      And the playlist "Friday" with "Häxan", "Metropolis"
      When bob looks what putting "Friday" on the air would do
      Then bob sees that 1 would be kept, 0 moved, 1 added and 1 deleted
      And nothing is sent to the channel
      And the channel plays "Nosferatu", followed by "Häxan", "The General"

  Rule: One playlist at a time, and it can be stopped or taken back

    @GH-009
    Scenario: While one is on its way, another one has to wait
      Given the channel plays "Nosferatu"
      And the playlist "Friday" with "Metropolis", "Häxan"
      And the playlist "Saturday" with "The General"
      And the channel takes its time
      And bob has begun to put "Friday" on the air
      When alice puts "Saturday" on the air, keeping what plays
      Then it is refused, because somebody else is at it
      When the channel has taken everything
      Then the channel plays "Nosferatu", followed by "Metropolis", "Häxan"

    @GH-009
    Scenario: Cancelled on its way, what was done stays, and nothing has been deleted
      Given the channel plays "Nosferatu", followed by "The General"
      And the playlist "Friday" with "Metropolis", "Häxan"
      And the channel takes its time
      And bob has begun to put "Friday" on the air
      When bob cancels it
      And the channel has taken everything
      Then bob is told "Cancelled; what was done so far stays."
      And the channel's queue has "The General" and "Metropolis", but not "Häxan"

    @GH-009 @GH-012
    Scenario: Only who began it, or an admin, cancels it
      Given dave is blessed as well
      And the channel plays "Nosferatu"
      And the playlist "Friday" with "Metropolis", "Häxan"
      And the channel takes its time
      And bob has begun to put "Friday" on the air
      When dave cancels it
      Then it is refused, because only admins may do that
      When alice cancels it
      And the channel has taken everything
      Then bob is told "Cancelled; what was done so far stays."

    @GH-009
    Scenario: Taken back, the queue is as it was
      Given the channel plays "Nosferatu", followed by "Häxan", "The General"
      And the playlist "Friday" with "Metropolis", "Häxan"
      And bob has put "Friday" on the air, keeping what plays
      When bob takes it back
      Then the channel plays "Nosferatu", followed by "Häxan", "The General"

    @GH-009 @GH-013
    Scenario: While the bot is away nothing is sent, and it is said
      Given the channel plays "Nosferatu", followed by "The General"
      And the playlist "Friday" with "Metropolis"
      When the bot loses its connection to the channel
      And bob puts "Friday" on the air, keeping what plays
      Then it is refused, because the channel is away
      When the bot is back in the channel
      Then the channel plays "Nosferatu", followed by "The General"

  Rule: Admins may replace everything, also what plays

    @GH-010
    Scenario: The queue is exactly the playlist, and its first title plays at once
      Given the channel plays "Nosferatu", followed by "Häxan", "The General"
      And the playlist "Friday" with "Metropolis", "Sherlock Jr"
      When alice replaces everything with "Friday"
      Then the channel plays "Metropolis", followed by "Sherlock Jr"
      And alice is told that 2 titles are in the queue: 0 kept, 0 moved, 2 added

    @GH-010
    Scenario: What is in the queue already serves, wherever it stands
      Given the channel plays "Nosferatu", followed by "Häxan", "Metropolis"
      And the playlist "Friday" with "Metropolis", "Nosferatu"
      When alice replaces everything with "Friday"
      Then the channel plays "Metropolis", followed by "Nosferatu"

    @GH-010
    Scenario: When the first title fails, the next one plays
      Given the channel plays "Nosferatu", followed by "The General"
      And the playlist "Friday" with "Häxan", "Metropolis"
      And the channel will not find the manifest of "Häxan"
      When alice replaces everything with "Friday"
      Then the channel plays "Metropolis"
      And these titles have failed
        | title | reason       | in words                                |
        | Häxan | bad_manifest | Expected HTTP 200 OK, not 404 Not Found |

    @GH-010 @GH-012
    Scenario: Blessed users may not
      Given the channel plays "Nosferatu", followed by "Häxan"
      And the playlist "Friday" with "Metropolis"
      When bob replaces everything with "Friday"
      Then it is refused, because only admins may do that
      And nothing is sent to the channel
      And the channel plays "Nosferatu", followed by "Häxan"

    @GH-010 @GH-012
    Scenario: Nor may they take the playing title off the air by taking something back
      Given the channel plays "Nosferatu", followed by "Häxan"
      And the playlist "Friday" with "Metropolis"
      And alice has replaced everything with "Friday"
      When bob takes it back
      Then it is refused, because only admins may do that
      And the channel plays "Metropolis"
