Feature: Signing in with a code by private message
  Whoever is in the channel proves who they are with a code that the bot sends, and needs no password.

  Rule: A code comes by private message and signs in once

    @GH-001
    Scenario: The code arrives and is entered
      When bob asks for a code
      Then bob has a private message with a code of 8 letters and digits
      And bob reads that the code is valid for 5 min
      When bob enters the code
      Then bob is signed in

    @GH-001
    Scenario Outline: A code may be typed as people type
      When bob asks for a code
      And bob types the code <how>
      Then bob is signed in

      Examples:
        | how                     |
        | in small letters        |
        | with a dash in the middle        |
        | with a blank in the middle |
        | with blanks around it   |

    @GH-001
    Scenario: Only somebody who is in the channel gets a code
      When mallory asks for a code
      Then it is refused, because nobody of that name is in the channel
      And nobody has a private message

    @GH-001 @GH-013
    Scenario: While the bot is away from the channel nobody can sign in, and is told so
      Given the bot has lost its connection to the channel
      When bob asks for a code
      Then it is refused, because the channel is away
      When the bot is back in the channel
      And bob asks for a code
      And bob enters the code
      Then bob is signed in

    @GH-001
    Scenario Outline: A code expires when the config says so
      Given codes are valid for <valid> seconds
      When bob asks for a code
      And <later> seconds pass
      And bob enters the code
      Then bob is <answered>

      Examples:
        | valid | later | answered               |
        | 300   | 299   | signed in              |
        | 300   | 300   | told to ask for a code |
        | 60    | 60    | told to ask for a code |

    @GH-001
    Scenario: A code is used once
      Given bob has asked for a code
      When bob enters the code
      And bob enters the code
      Then bob is told to ask for a code

    @GH-001
    Scenario: Of several who enter the right code at once, one is signed in
      Given bob has asked for a code
      When bob enters the code 12 times at once
      Then bob is signed in once and told to ask for a code otherwise

    @GH-001
    Scenario: Signing out ends the session
      Given bob is signed in
      When bob signs out
      And bob searches for "anything"
      Then it is refused, because nobody is signed in

    @GH-001
    Scenario: A session ends by itself when nobody uses it
      Given bob is signed in
      When 12 hours pass
      And bob searches for "anything"
      Then it is refused, because nobody is signed in

  Rule: A code takes three attempts, and who uses them up has to wait

    @GH-001
    Scenario: Three attempts, and even the right code is of no use any more
      Given bob has asked for a code
      When bob enters a wrong code
      Then bob is told that 2 attempts are left
      When bob enters a wrong code
      Then bob is told that 1 attempts are left
      When bob enters a wrong code
      Then bob is told that 0 attempts are left
      When bob enters the code
      Then bob is told to wait 60 seconds

    @GH-001
    Scenario: A new code does not shorten the wait
      Given bob has asked for a code
      And bob has entered a wrong code 3 times
      When bob asks for a code
      Then it is refused, because of too many wrong codes
      When 60 seconds pass
      And bob asks for a code
      And bob enters the code
      Then bob is signed in

    @GH-001
    Scenario Outline: Each wait is longer than the one before, as the config says
      Given a name may ask for 100 codes and enter 100 in 15 minutes
      And the first wait is <first> seconds and the longest <longest>
      When bob uses up the attempts of <codes> codes, waiting each time
      Then bob had to wait for <waits> seconds

      Examples:
        | first | longest | codes | waits                          |
        | 60    | 3600    | 8     | 60 120 240 480 960 1920 3600 3600 |
        | 10    | 25      | 3     | 10 20 25                       |

    @GH-001
    Scenario: Signing in lets the waits begin anew
      Given a name may ask for 100 codes and enter 100 in 15 minutes
      And bob uses up the attempts of 2 codes, waiting each time
      When bob asks for a code
      And bob enters the code
      And bob uses up the attempts of 1 codes, waiting each time
      Then bob had to wait for 60 120 60 seconds

    @GH-001
    Scenario: Who guesses in somebody's name shuts out nobody but himself
      Given bob has asked for a code
      When a stranger asks for a code in the name of bob
      And the stranger enters a wrong code in the name of bob 3 times
      And the stranger enters the code in the name of bob
      Then the stranger is told to wait 60 seconds
      When bob enters the code
      Then bob is signed in

    @GH-001
    Scenario: An admin lets somebody in again who is locked out
      Given bob has asked for a code
      And bob has entered a wrong code 3 times
      When alice lets bob sign in again
      And bob asks for a code
      And bob enters the code
      Then bob is signed in

  Rule: Asking and entering are limited for each name and for each address

    @GH-001
    Scenario: A name may be asked for only so often, and the rest is kept for its owner
      Given a name may ask for 5 codes and enter 15 in 15 minutes
      And bob has signed in from home before
      When a stranger asks for a code in the name of bob 3 times
      And a stranger asks for a code in the name of bob
      Then it is refused, because of too many tries
      When bob asks for a code
      And bob enters the code
      Then bob is signed in
      When 15 minutes pass
      And a stranger asks for a code in the name of bob
      Then bob has a private message with a code of 8 letters and digits

    @GH-001
    Scenario: An address may ask only so often, whatever the names
      Given an address may ask for 2 codes and enter 30 in 15 minutes
      When a stranger asks for a code in the name of bob
      And a stranger asks for a code in the name of carol
      And a stranger asks for a code in the name of alice
      Then it is refused, because of too many tries
      When alice asks for a code
      And alice enters the code
      Then alice is signed in

    @GH-001
    Scenario: Codes for a name are entered only so often
      Given a name may ask for 5 codes and enter 5 in 15 minutes
      And bob has asked for a code
      And bob has entered a wrong code 3 times
      And 60 seconds have passed
      And bob has asked for a code
      When bob enters a wrong code
      Then it is refused, because of too many tries

    @GH-001
    Scenario: From an address codes are entered only so often
      Given an address may ask for 20 codes and enter 2 in 15 minutes
      And bob has asked for a code
      And bob has entered a wrong code 2 times
      When bob enters the code
      Then it is refused, because of too many tries

  Rule: A code that nobody asked for offers to block the address it was entered from

    @GH-001
    Scenario: Nobody asked, and the address is blocked for three days
      When a stranger enters a wrong code in the name of bob
      Then the stranger is told that no code was asked for, and offered a block of 72 hours
      When the stranger accepts the block
      And the stranger asks for a code in the name of carol
      Then it is refused, because the address is blocked
      When the stranger enters a wrong code in the name of carol
      Then the stranger is told to wait 259200 seconds
      But bob can sign in from elsewhere
      When 72 hours pass
      And the stranger asks for a code in the name of carol
      Then carol has a private message with a code of 8 letters and digits

    @GH-001
    Scenario Outline: How long a block lasts can be set, or chosen at the moment
      Given blocks last <configured> hours
      When a stranger enters a wrong code in the name of bob
      Then the stranger is told that no code was asked for, and offered a block of <configured> hours
      When the stranger <accepts>
      Then alice sees the stranger's address blocked for <lasts> hours

      Examples:
        | configured | accepts                       | lasts |
        | 24         | accepts the block             | 24    |
        | 72         | accepts the block for 5 hours | 5     |

    @GH-001
    Scenario: Without the offer nobody blocks an address
      Given bob has asked for a code
      And bob has entered a wrong code 1 times
      When bob accepts the block
      Then it is refused, because no block was offered

    @GH-001
    Scenario: An admin lifts a block
      Given a stranger has been blocked
      When alice lifts the block
      And the stranger asks for a code in the name of bob
      Then bob has a private message with a code of 8 letters and digits
