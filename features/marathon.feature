Feature: Marathons from several playlists
  Blessed users merge playlists into one order, one behind the other, by chance, or woven like a TV evening,
  and no series gets out of its run order by that.

  Background:
    Given alice is an admin, bob is blessed and carol is a viewer

  Rule: Playlists are combined by one of three methods

    Background:
      Given the playlists
        | name   | titles      |
        | Films  | A1 A2 A3 A4 |
        | Shorts | B1 B2       |
        | Clips  | C1 C2 C3    |

    @GH-008
    Scenario: Without a choice they stand one behind the other
      When bob merges "Shorts", "Films", "Clips"
      Then the order is B1 B2 A1 A2 A3 A4 C1 C2 C3

    @GH-008
    Scenario Outline: Woven by a pattern, until all that it names are used up
      When bob weaves "Films", "Shorts", "Clips" by "<pattern>"
      Then the order is <order>

      Examples: in turn
        | pattern | order                      |
        |         | A1 B1 C1 A2 B2 C2 A3 C3 A4 |
        | A B C   | A1 B1 C1 A2 B2 C2 A3 C3 A4 |
        | A,B,C   | A1 B1 C1 A2 B2 C2 A3 C3 A4 |
        | A-B-C   | A1 B1 C1 A2 B2 C2 A3 C3 A4 |
        | A\|B\|C | A1 B1 C1 A2 B2 C2 A3 C3 A4 |
        | abc     | A1 B1 C1 A2 B2 C2 A3 C3 A4 |

      Examples: in blocks
        | pattern | order                      |
        | A2B2C2  | A1 A2 B1 B2 C1 C2 A3 A4 C3 |
        | A2 B1   | A1 A2 B1 A3 A4 B2          |
        | a2b1c2  | A1 A2 B1 C1 C2 A3 A4 B2 C3 |

      Examples: in any order that repeats
        | pattern     | order                      |
        | A,A,B,C,C,A | A1 A2 B1 C1 C2 A3 A4 B2 C3 |
        | C - A2 , B  | C1 A1 A2 B1 C2 A3 A4 B2 C3 |
        | B9 A        | B1 B2 A1 A2 A3 A4          |

    @GH-008
    Scenario Outline: A pattern that cannot be read is refused with the place and what would be right
      When bob weaves "Films", "Shorts" by "<pattern>"
      Then it is refused, because the pattern cannot be read
      And bob is shown character <character>, "<token>", and patterns that would be right

      Examples:
        | pattern     | character | token      |
        | A C         | 3         | C          |
        | A2B0        | 4         | B0         |
        | A2?B        | 3         | ?          |
        | A-1         | 3         | 1          |
        | 2A          | 1         | 2          |
        | B A99999999999 | 4      | A99999999999 |
        | , -         | 1         | ,          |

    @GH-008
    Scenario: A source that the pattern never names is left out, and bob is told
      When bob weaves "Films", "Shorts", "Clips" by "A2C1"
      Then the order is A1 A2 C1 A3 A4 C2 C3
      And bob is warned "Source B (Shorts) is left out: the pattern never names it."

    @GH-008
    Scenario: An empty source is passed over, and bob is told
      Given the playlist "Nothing yet" with nothing in it
      When bob weaves "Nothing yet", "Shorts" by "A1B1"
      Then the order is B1 B2
      And bob is warned "Source A (Nothing yet) has no items."

    @GH-008
    Scenario: With one seed the shuffle is always the same
      When bob shuffles "Films", "Shorts", "Clips" with the seed "popcorn"
      And bob shuffles "Films", "Shorts", "Clips" with the seed "popcorn"
      Then both orders are the same
      And every title occurs once, in another order than that of the playlists

    @GH-008
    Scenario: Another seed is another order
      When bob shuffles "Films", "Shorts", "Clips" with the seed "popcorn"
      And bob shuffles "Films", "Shorts", "Clips" with the seed "peanuts"
      Then the orders differ

    @GH-008
    Scenario: A shuffle without a seed names the one it took, so that it can be had again
      When bob shuffles "Films", "Shorts", "Clips"
      And bob shuffles "Films", "Shorts", "Clips" with the seed that was named
      Then both orders are the same

    @GH-008
    Scenario: One playlist is enough, none is not
      When bob merges "Clips"
      Then the order is C1 C2 C3
      When bob merges no playlists
      Then it is refused, because nothing was chosen

    @GH-008
    Scenario: What a category or a search holds can be a source as well
      Given the catalogue has the titles "Häxan", "Nosferatu" in "2.Horror"
      When bob weaves the category "2.Horror", the search "B" and the playlist "Clips" by "A B C"
      Then the order is Häxan B1 C1 Nosferatu B2 C2 C3

  Rule: A preview changes nothing, and is saved only when somebody saves it

    @GH-008 @GH-015
    Scenario: The preview tells what starts when
      Given the catalogue holds these titles
        | video_id | title      | categories | minutes |
        | f1       | Metropolis | Films      | 153     |
        | f2       | Häxan      | Films      | 105     |
        | s1       | Newsreel   | Shorts     |         |
      And the playlist "Films" with "Metropolis", "Häxan"
      And the playlist "News" with "Newsreel"
      When bob weaves "Films", "News" by "A B"
      Then bob sees the plan
        | title      | source | minutes | starts after |
        | Metropolis | A      | 153     | 0            |
        | Newsreel   | B      |         | 153          |
        | Häxan      | A      | 105     | 153          |
      And it lasts 258 minutes at least, with 1 titles of unknown length
      And the playlists are "Films", "News"

    @GH-005 @GH-008
    Scenario: The order is changed by hand before it is saved
      Given the playlists
        | name   | titles |
        | Films  | A1 A2  |
        | Shorts | B1 B2  |
      When bob weaves "Films", "Shorts" by "A B"
      And bob takes the order into the working list
      And bob drags "B2" to the top
      And bob saves the working list as "Marathon"
      Then "Marathon" holds "B2", "A1", "B1", "A2"
      And "Films" holds "A1", "A2"
      And "Shorts" holds "B1", "B2"

  Rule: A series stays in its run order, whatever is done with it

    @GH-015
    Scenario Outline: Season and episode are read in the usual spellings
      Given the playlist "Frost" with "Frost <third>", "Frost <first>", "Frost <second>"
      And the playlist "Films" with "Häxan", "Nosferatu"
      When bob weaves "Frost", "Films" by "A1B1"
      Then the order is "Frost <first>", "Häxan", "Frost <second>", "Nosferatu", "Frost <third>"
      When bob merges "Frost", "Films"
      Then the order is "Frost <first>", "Frost <second>", "Frost <third>", "Häxan", "Nosferatu"

      Examples:
        | first   | second  | third   |
        | S01E04  | S01E10  | S02E01  |
        | s01e4   | s01e10  | s2e1    |
        | s01.e04 | s01.e10 | s02.e01 |
        | S01.E04 | S01.E10 | S02.E01 |
        | S01 E04 | S01 E10 | S02 E01 |
        | 1x04    | 1x10    | 2x01    |
        | S01E04  | s01.e10 | S02 E01 |

    @GH-008 @GH-015
    Scenario: A shuffle mixes the series with the rest, and keeps the run order of each
      Given the playlist "Frost" with "Frost S01E03", "Frost S01E01", "Frost S01E04", "Frost S01E02"
      And the playlist "Holmes" with "Holmes 1x02", "Holmes 1x01", "Holmes 1x03", "Häxan"
      When bob shuffles "Frost", "Holmes" with the seed "popcorn"
      Then "Frost S01E01", "Frost S01E02", "Frost S01E03", "Frost S01E04" come in this order
      And "Holmes 1x01", "Holmes 1x02", "Holmes 1x03" come in this order
      And every title occurs once, in another order than that of the playlists

    @GH-015
    Scenario: Two series in one playlist are not mixed up with each other
      Given the playlist "Monday" with "Holmes S01E02", "Frost S01E02", "Holmes S01E01", "Frost S01E01"
      When bob merges "Monday"
      Then the order is "Holmes S01E01", "Frost S01E01", "Holmes S01E02", "Frost S01E02"

    @GH-015
    Scenario: What has no number keeps its place in the playlist
      Given the playlist "Frost" with "Frost S01E03", "Frost Special", "Frost S01E01", "Frost S01E02"
      When bob merges "Frost"
      Then the order is "Frost S01E01", "Frost Special", "Frost S01E02", "Frost S01E03"
      And bob is warned "Season and episode were read in 3 of 4 items of A (Frost); what was not read has no order to keep."

    @GH-015
    Scenario: Without any numbers the order of the playlist stays
      Given the playlist "Frost" with "Frost: Care and Protection", "Frost: Not with Kindness", "Frost: Conclusions"
      And the playlist "Films" with "Häxan"
      When bob weaves "Frost", "Films" by "A2B1"
      Then the order is "Frost: Care and Protection", "Frost: Not with Kindness", "Häxan", "Frost: Conclusions"

    @GH-015
    Scenario: Who wants another order than that of the episodes can have it
      Given the playlist "Frost" with "Frost S01E03", "Frost S01E01", "Frost S01E02"
      When bob merges "Frost" without regard to episodes
      Then the order is "Frost S01E03", "Frost S01E01", "Frost S01E02"
