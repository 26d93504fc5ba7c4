Feature: Who may do what
  Everybody in the channel may look around. Blessed users make playlists and put them on the air; admins decide
  who is blessed, and may do everything.

  Rule: Each role has its rights, and nobody more

    @GH-012 @GH-007 @GH-009 @GH-010
    Scenario Outline: A viewer looks, a blessed user edits and applies, an admin does everything
      Given alice is an admin, bob is blessed and carol is a viewer
      And there is something to do it with
      When a viewer tries to <do something>
      Then that is <for a viewer>
      When a blessed user tries to <do something>
      Then that is <for a blessed user>
      When an admin tries to <do something>
      Then that is allowed

      Examples: looking
        | do something               | for a viewer | for a blessed user |
        | search the catalogue       | allowed      | allowed            |
        | read a playlist            | allowed      | allowed            |
        | see the queue              | allowed      | allowed            |

      Examples: editing
        | do something               | for a viewer | for a blessed user |
        | create a playlist          | refused      | allowed            |
        | edit a playlist            | refused      | allowed            |
        | rename a playlist          | refused      | allowed            |
        | delete a playlist          | refused      | allowed            |
        | restore a deleted playlist | refused      | allowed            |
        | preview a marathon         | refused      | allowed            |

      Examples: the channel
        | do something                         | for a viewer | for a blessed user |
        | see what putting it on the air would do | refused   | allowed            |
        | put it on the air, keeping what plays   | refused   | allowed            |
        | append it to the queue                  | refused   | allowed            |
        | replace everything with it              | refused   | refused            |

      Examples: running the place
        | do something                  | for a viewer | for a blessed user |
        | refresh the catalogue         | refused      | refused            |
        | see who is blessed            | refused      | refused            |
        | bless somebody                | refused      | refused            |
        | make somebody an admin        | refused      | refused            |
        | let a locked-out user in      | refused      | refused            |
        | block an address              | refused      | refused            |
        | lift a block                  | refused      | refused            |

    @GH-012
    Scenario: Who has not signed in may do nothing
      When carol searches for "anything"
      Then it is refused, because nobody is signed in

    @GH-010 @GH-012
    Scenario: The config can let blessed users replace everything
      Given blessed users may replace everything
      And alice is an admin, bob is blessed and carol is a viewer
      And the channel plays "Nosferatu", followed by "Häxan"
      And the playlist "Friday" with "Metropolis"
      When bob replaces everything with "Friday"
      Then the channel plays "Metropolis"
      When carol replaces everything with "Friday"
      Then it is refused, because only blessed users and admins may do that

  Rule: Admins decide who is blessed, and it counts at once

    Background:
      Given alice is an admin, bob is blessed and carol is a viewer

    @GH-011
    Scenario: A blessing counts at once, for who is signed in already
      Given carol is signed in
      When carol saves a playlist of nothing as "Friday"
      Then it is refused, because only blessed users and admins may do that
      When alice blesses carol
      And carol saves a playlist of nothing as "Friday"
      Then the playlists are "Friday"

    @GH-011
    Scenario: So does its end
      Given bob is signed in
      When alice takes the blessing from bob
      And bob saves a playlist of nothing as "Friday"
      Then it is refused, because only blessed users and admins may do that
      And the playlists are none

    @GH-011
    Scenario: The list says who was blessed by whom
      When alice blesses carol
      Then alice sees on the list of the blessed
        | name  | by    |
        | bob   | alice |
        | carol | alice |
      When alice takes the blessing from bob
      Then alice sees on the list of the blessed
        | name  | by    |
        | carol | alice |

    @GH-011
    Scenario: A name is blessed whatever its case, and only once
      When alice blesses CAROL
      And alice blesses carol
      Then alice sees on the list of the blessed
        | name  | by    |
        | bob   | alice |
        | CAROL | alice |
      When carol saves a playlist of nothing as "Friday"
      Then the playlists are "Friday"

    @GH-011
    Scenario: A blessing has nothing to do with ranks in the channel
      Given dave has rank 4 in the channel and is signed in
      When dave saves a playlist of nothing as "Friday"
      Then it is refused, because only blessed users and admins may do that

    @GH-011 @GH-012
    Scenario: Whom the config makes an admin stays one
      Given alice has made bob an admin
      When bob takes the admin's role from alice
      Then it is refused, because the config fixes that
      And alice is still an admin
