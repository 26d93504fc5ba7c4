Feature: Searching the catalogue
  The titles of the media site can be found as people remember them, from a snapshot that stands still
  until an admin refreshes it.

  Background:
    Given alice is an admin, bob is blessed and carol is a viewer
    And the media site has these titles
      | video_id | title                                        | categories          | minutes |
      | xmas08   | Four.Christmases.[2008].mp4                  | 1.Comedy, Holidays  | 88      |
      | trousers | Wallace & Gromit - The Wrong Trousers.avi    | 1.Comedy, Cartoons  | 30      |
      | amelie   | Amélie.2001.mkv                              | 1.Comedy, Drama     | 122     |
      | nosf22   | Nosferatu (1922).mp4                         | 2.Horror, Silent    |         |
      | haxan    | Häxan.[1922].mkv                             | 2.Horror, Silent    | 105     |
      | sherlock | Sherlock Jr.mp4                              | 1.Comedy, Silent    | 45      |

  Rule: Titles are found as people type them

    Background:
      Given the catalogue has been refreshed

    @GH-002
    Scenario Outline: A few letters are enough, in any order, case and spelling
      When carol searches for "<typed>"
      Then carol finds <found>

      Examples:
        | typed            | found                                             |
        | four christmases | "Four.Christmases.[2008].mp4"                     |
        | CHRIST           | "Four.Christmases.[2008].mp4"                     |
        | wallace gromit   | "Wallace & Gromit - The Wrong Trousers.avi"       |
        | trousers wrong   | "Wallace & Gromit - The Wrong Trousers.avi"       |
        | amelie           | "Amélie.2001.mkv"                                 |
        | haxan            | "Häxan.[1922].mkv"                                |
        | er               | "Nosferatu (1922).mp4", "Sherlock Jr.mp4", "Wallace & Gromit - The Wrong Trousers.avi" |
        | 1922             | "Häxan.[1922].mkv", "Nosferatu (1922).mp4"        |

    @GH-002
    Scenario: What people type is never wrong, whatever it is
      When carol searches for "%' OR title:* AND (NEAR"
      Then carol finds nothing

    @GH-002
    Scenario: A slip of the finger is helped
      When carol searches for "nosfaratu"
      Then carol finds "Nosferatu (1922).mp4"
      And carol is told that this is what was found for "nosferatu"

    @GH-002
    Scenario: Every title is shown with its id and its categories
      When carol searches for "haxan"
      Then carol sees
        | video_id | title            | categories       | minutes |
        | haxan    | Häxan.[1922].mkv | 2.Horror, Silent | 105     |

    @GH-002 @GH-009
    Scenario: The address of a title's manifest follows from its id
      When carol searches for "haxan"
      Then what CyTube would play is "https://www.420grindhouse.com/api/v1/media/cytube/haxan.json?format=json"

  Rule: Categories narrow a search

    Background:
      Given the catalogue has been refreshed

    @GH-002
    Scenario: The categories can be looked through
      When carol looks at the categories
      Then carol sees the categories "1.Comedy", "2.Horror", "Cartoons", "Drama", "Holidays", "Silent"

    @GH-002
    Scenario Outline: One category or several, alone or with a title
      When carol searches for "<typed>" in <which> of <categories>
      Then carol finds <found>

      Examples:
        | typed | which | categories             | found                                                            |
        |       | any   | "2.Horror"             | "Häxan.[1922].mkv", "Nosferatu (1922).mp4"                       |
        |       | any   | "Cartoons", "Drama"    | "Amélie.2001.mkv", "Wallace & Gromit - The Wrong Trousers.avi"   |
        |       | all   | "1.Comedy", "Silent"   | "Sherlock Jr.mp4"                                                |
        | 1922  | any   | "Silent", "Drama"      | "Häxan.[1922].mkv", "Nosferatu (1922).mp4"                       |
        | four  | any   | "Silent"               | nothing                                                          |

  Rule: A refresh makes a new snapshot, and nobody ever sees half of one

    @GH-002 @GH-003
    Scenario: Before the first refresh there is nothing to search
      When carol searches for "haxan"
      Then it is refused, because there is no catalogue yet

    @GH-003
    Scenario: An admin refreshes the catalogue
      When alice refreshes the catalogue
      Then alice is told that the catalogue has 6 titles now, 1 of them without a length
      When carol searches for "haxan"
      Then carol finds "Häxan.[1922].mkv"

    @GH-003
    Scenario: The snapshot stands still while the site changes
      Given the catalogue has been refreshed
      When the media site gets the title "Metropolis.1927.mp4"
      And carol searches for "metropolis"
      Then carol finds nothing
      When alice refreshes the catalogue
      And carol searches for "metropolis"
      Then carol finds "Metropolis.1927.mp4"

    @GH-003
    Scenario: Searching goes on in the snapshot before while a refresh runs
      Given the catalogue has been refreshed
      And the media site answers slowly
      And the media site gets the title "Metropolis.1927.mp4"
      When alice starts to refresh the catalogue
      And carol searches for "metropolis"
      Then carol finds nothing
      When carol searches for "haxan"
      Then carol finds "Häxan.[1922].mkv"
      And the refresh is still running
      When alice starts to refresh the catalogue
      Then it is refused, because it is being refreshed already
      When the media site has answered and the refresh has ended
      And dave signs in and searches for "metropolis"
      Then dave finds "Metropolis.1927.mp4"
      When carol searches for "metropolis"
      Then carol finds "Metropolis.1927.mp4"

    @GH-003
    Scenario: Who is reading page after page goes on in the snapshot it began in
      Given the catalogue has been refreshed
      And carol has seen the first title that "1922" finds, "Häxan.[1922].mkv"
      When the media site gets the title "1922.mp4"
      And alice refreshes the catalogue
      And carol asks for the next one
      Then carol sees "Nosferatu (1922).mp4" of 2 titles

    @GH-003
    Scenario: A site that breaks off leaves the catalogue as it was
      Given the catalogue has been refreshed
      And the media site gets the title "Metropolis.1927.mp4"
      But the media site breaks off in the middle
      When alice refreshes the catalogue
      Then alice is told that the refresh failed
      When carol searches for "haxan"
      Then carol finds "Häxan.[1922].mkv"

    @GH-003
    Scenario: A catalogue that suddenly shrinks is left alone unless an admin means it
      Given the catalogue has been refreshed
      When the media site has only the title "Metropolis.1927.mp4"
      And alice refreshes the catalogue
      Then alice is told that the catalogue would lose 6 of its 6 titles
      When carol searches for ""
      Then carol finds 6 titles
      When alice refreshes the catalogue although it shrinks
      And carol searches for ""
      Then carol finds 1 titles

    @GH-003
    Scenario: An admin learns what is different
      Given the catalogue has been refreshed
      When the media site has these titles instead
        | video_id | title                                        | categories          | minutes |
        | xmas08   | Four.Christmases.[2008].mp4                  | 1.Comedy, Holidays  | 88      |
        | trousers | Wallace & Gromit - The Wrong Trousers.avi    | 1.Comedy, Cartoons  | 30      |
        | amelie   | Amélie.[2001].mkv                            | 1.Comedy, Drama     | 122     |
        | nosf22   | Nosferatu (1922).mp4                         | 2.Horror, Silent    | 94      |
        | nosf-2   | nosferatu.1922.MP4                           | 2.Horror            | 81      |
        | haxan    | Häxan.[1922].mkv                             | 2.Horror, Silent    | 105     |
      And alice refreshes the catalogue
      Then alice is told that 1 titles are new, 2 have changed, 1 are gone and 1 have the title of another one

    @GH-003 @GH-006
    Scenario: What vanishes from the site stays in the playlists, and it says why it cannot be queued
      Given the catalogue has been refreshed
      And the playlist "Silent Night" with "Häxan.[1922].mkv", "Sherlock Jr.mp4"
      When the title "Häxan.[1922].mkv" vanishes from the media site
      And alice refreshes the catalogue
      Then "Silent Night" holds "Häxan.[1922].mkv", "Sherlock Jr.mp4"
      And "Häxan.[1922].mkv" is shown in "Silent Night" as unavailable: "This title is not in the catalogue any more."

  Rule: All replicas of the service have one catalogue

    Background:
      Given the catalogue has been refreshed
      And there is a second replica of the service

    @GH-003
    Scenario: What one replica has refreshed the other one has, too
      When the media site gets the title "Metropolis.1927.mp4"
      And alice refreshes the catalogue
      Then the second replica has the same catalogue, of 7 titles

    @GH-003
    Scenario: Only one of them refreshes at a time
      Given the media site answers slowly
      When alice starts to refresh the catalogue
      And alice asks the second replica to refresh, too
      Then it is refused, because it is being refreshed already
      And alice learns at the second replica that another one is at it

    @GH-003 @GH-013
    Scenario: With the shared store away the catalogue is refreshed here, and the others get it later
      Given the media site answers slowly
      And the media site gets the title "Metropolis.1927.mp4"
      When alice starts to refresh the catalogue
      And the shared store goes away
      And the media site has answered and the refresh has ended
      And carol searches for "metropolis"
      Then carol finds "Metropolis.1927.mp4"
      And alice is told that the other replicas cannot have it yet
      And the second replica still has 6 titles
      When the shared store is back
      Then alice is told that the other replicas can have it, too
      And the second replica has the same catalogue, of 7 titles
