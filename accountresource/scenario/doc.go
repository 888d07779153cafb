// Package scenario plays replications that are written down so that a mail admin can read them: files that say what is
// in a directory and in a mail store, what happens there, and what a run makes of it. It is for tests, and uses run's
// public face only, so that the same files prove a replication on the memory backend and on the stores of real mail
// servers, undisturbed or cut off anywhere.
//
// A file begins with a comment that says what it is about, the rules that it shows, and the settings that differ from
// the usual ones (groups are replicated unless it says otherwise). Its sections are before, steps and expect; the last
// of the steps is the run in question. A # begins a comment.
//
//	# A leaver's address is given to a newcomer in the same run.
//	rules R8 R14
//	settings delete, keep_days 30
//	before
//	  user ann ann@example.com "Ann Smith"
//	  run
//	steps
//	  ann leaves
//	  user new ann@example.com
//	  run
//	expect
//	  mailbox ann@example.com of new on
//	  nothing else
//	  log deleted ann@example.com
//	  log created ann@example.com
//
// The directory: "user NAME ADDRESS... "Display name" disabled", "group NAME ADDRESS: MEMBER...", "contact NAME
// ADDRESS" and "crowd 40" bring objects into it; they are called by their name from then on, which is also their
// identity. Of an object is said that it "leaves" (it is deleted, and in no group any more), "moves away" (out of
// scope, and stays in its groups), "returns", "becomes" another address, "has no address", "is disabled", "is enabled",
// "is named "…"", "joins" a group, "leaves group" one, or "and OTHER swap". "directory passes over NAME" and "directory
// lists part" are listings that lack something.
//
// The mail store, by hand: "local mailbox|alias|admin|list ADDRESS" make something there (an admin is the mailbox of a
// domain admin, a list something that is neither mailbox nor alias); "admin deletes|re-makes|names|switches
// off|switches on ADDRESS", "admin adds ADDRESS to ADDRESS", "admin removes ADDRESS from ADDRESS"; "store refuses
// ADDRESS" has it refuse what a run wants to do there, until it "accepts" that; "domain allows 3 mailboxes". On the
// page: "settings NAME", "admin confirms|dismisses NAME".
//
// "run" is a run as the schedule makes it, "run full" one that reads everything, "run incremental" one that may not,
// where the directory counts changes. "2 days pass" is said of the time.
//
// What is expected: "mailbox ADDRESS of NAME on|off" is that the object is linked to that mailbox, with the mail that
// it had before, if any; "anew" is that it is another mailbox than before; "of nobody" is that it is not linked. "alias
// ADDRESS of NAME on: ADDRESS..." names all members. "nothing else" is that there are no other accounts. "NAME has no
// account", "nothing at ADDRESS", "list ADDRESS", "deleted mailbox ADDRESS" (its mail is kept), "held NAME..." and
// "held none" say what they say. The log of the last run has the rows "log ACTION ADDRESS", or of an object without an
// address "log ACTION NAME", and no others; "perhaps" is a row that need not be there, and "ACTION or ACTION" one of
// both. "log any" is no matter what. The run has succeeded unless an "outcome" is named.
package scenario
