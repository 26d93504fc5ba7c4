Feature: The whole job
  From a private message to a marathon on the air, in one go.

  @GH-001 @GH-002 @GH-004 @GH-006 @GH-008 @GH-009 @GH-015
  Scenario: Bob signs in, finds, saves, weaves, saves again, and the channel plays it
    Given alice is an admin, bob is blessed and carol is a viewer
    And the catalogue holds these titles
      | video_id  | title                              | categories | minutes |
      | nosf22    | Nosferatu (1922).mp4               | Silent     | 94      |
      | general26 | The.General.[1926].avi             | Silent     | 78      |
      | frost0101 | Frost.S01E01.Care.and.Protection.avi | Crime    | 102     |
      | frost0102 | frost.s01.e02 - Not with Kindness.avi | Crime   | 101     |
      | frost0103 | Frost S01 E03 Conclusions.avi      | Crime      | 99      |
      | frost0201 | Frost.s2e1.A.Minority.of.One.avi   | Crime      | 100     |
      | toon-a    | Felix in Hollywood (1923).mp4      | Cartoons   | 9       |
      | toon-b    | Gertie the Dinosaur (1914).mp4     | Cartoons   | 12      |
    And the channel plays "Nosferatu (1922).mp4", followed by "The.General.[1926].avi"
    When bob asks for a code
    And bob enters the code
    Then bob is signed in
    When bob starts a working list
    And bob searches for "minority frost" and adds what he finds
    And bob searches for "frost s01" and adds what he finds
    And bob saves the working list as "Frost"
    Then "Frost" holds "Frost.s2e1.A.Minority.of.One.avi", "frost.s01.e02 - Not with Kindness.avi", "Frost S01 E03 Conclusions.avi", "Frost.S01E01.Care.and.Protection.avi"
    When bob starts a working list
    And bob searches for "19" in the category "Cartoons" and adds what he finds
    And bob saves the working list as "Cartoons"
    And bob weaves "Frost", "Cartoons" by "A2B1"
    Then bob sees the plan
      | title                                 | source | minutes | starts after |
      | Frost.S01E01.Care.and.Protection.avi  | A      | 102     | 0            |
      | frost.s01.e02 - Not with Kindness.avi | A      | 101     | 102          |
      | Felix in Hollywood (1923).mp4         | B      | 9       | 203          |
      | Frost S01 E03 Conclusions.avi         | A      | 99      | 212          |
      | Frost.s2e1.A.Minority.of.One.avi      | A      | 100     | 311          |
      | Gertie the Dinosaur (1914).mp4        | B      | 12      | 411          |
    When bob takes the order into the working list
    And bob saves the working list as "Friday marathon"
    And bob puts "Friday marathon" on the air, keeping what plays
    Then the queue is
      | plays | title                                 | manifest                                                                    | added by  | stays |
      | now   | Nosferatu (1922).mp4                  | https://www.420grindhouse.com/api/v1/media/cytube/nosf22.json?format=json    | alice     | yes   |
      |       | Frost.S01E01.Care.and.Protection.avi  | https://www.420grindhouse.com/api/v1/media/cytube/frost0101.json?format=json | KrytenBot | yes   |
      |       | frost.s01.e02 - Not with Kindness.avi | https://www.420grindhouse.com/api/v1/media/cytube/frost0102.json?format=json | KrytenBot | yes   |
      |       | Felix in Hollywood (1923).mp4         | https://www.420grindhouse.com/api/v1/media/cytube/toon-a.json?format=json    | KrytenBot | yes   |
      |       | Frost S01 E03 Conclusions.avi         | https://www.420grindhouse.com/api/v1/media/cytube/frost0103.json?format=json | KrytenBot | yes   |
      |       | Frost.s2e1.A.Minority.of.One.avi      | https://www.420grindhouse.com/api/v1/media/cytube/frost0201.json?format=json | KrytenBot | yes   |
      |       | Gertie the Dinosaur (1914).mp4        | https://www.420grindhouse.com/api/v1/media/cytube/toon-b.json?format=json    | KrytenBot | yes   |
    And bob is told that 6 titles are in the queue: 0 kept, 0 moved, 6 added
    And no title has failed
    When the title that plays has ended
    Then the channel goes on with "Frost.S01E01.Care.and.Protection.avi"
