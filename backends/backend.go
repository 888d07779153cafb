package backends

import (
	"context"
	"errors"
	"iter"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// The sentinel errors of results. A backend wraps them with what it was doing.
var (
	// ErrNotFound: the domain or account does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists: the address is taken by something else.
	ErrExists = errors.New("address is taken")
	// ErrHomeTaken: the mail directory of a mailbox to create is that of another one.
	ErrHomeTaken = errors.New("mail directory is taken")
	// ErrUnsupported: the store has no such operation on this kind of account.
	ErrUnsupported = errors.New("not supported by this mail account store")
	// ErrUnwritable is no result of an operation but the error of Apply: the store takes no changes at present, whatever they are.
	ErrUnwritable = errors.New("the mail account store takes no changes at present")
)

// Backend is a mail account store: iRedMail's SQL databases or its OpenLDAP tree. It is safe for concurrent use and
// never holds a connection while it calls back or yields to code that may use the same pool.
type Backend interface {
	// Fields are the profile fields the store has a place for, found out once when it is opened.
	Fields() account.Fields

	// Canonical brings wanted profile values of the account with the address to the form in which the store will give
	// them back (white space, length, characters it cannot hold, values it insists on), so that a comparison never
	// shows a difference that a write would not make. It is idempotent and does no I/O.
	Canonical(address string, p account.Profile) account.Profile

	// Domains lists the hosted domains whose name contains part, in order, at most limit. Alias domains and domains
	// that this server only relays for (backup MX) are not listed.
	Domains(ctx context.Context, part string, limit int) ([]string, error)

	// Domain reads the state, limits and defaults of a hosted domain, and its use where it has limits. It returns ErrNotFound where there is
	// none of that name, and the domain with BackupMX set where it is only relayed.
	Domain(ctx context.Context, name string) (account.Domain, error)

	// Login returns the mailbox that a name leads to with which somebody logs in at the mail server, its own address or a shadow address in
	// OpenLDAP, and whether mailbox and domain are on. It returns ErrNotFound where there is none. It costs one statement or two.
	Login(ctx context.Context, name string) (Login, error)

	// Accounts streams what holds an address in the domain, each address once; a mailbox wins over an alias, an
	// alias over something reserved. An error ends the sequence. The caller may use the backend while it ranges.
	Accounts(ctx context.Context, domain string, q Query) iter.Seq2[account.Account, error]

	// Apply makes the operations, all of one domain, and returns one result for each in order: nil where the store now
	// is as wanted. Deletions come first, then renamings, then the rest, so that an address can pass from one account
	// to another; renamings may swap addresses and hand them on in a chain. A bad operation fails alone. Applying an
	// operation again is harmless: it may have taken effect although its result is an error, or although Apply never
	// returned. Results wrap ErrExists (an address that something else has), ErrNotFound (an account that is gone, or
	// whose address another mailbox has), ErrHomeTaken (a creation in the mail directory of another mailbox) or the
	// store's own error. The error is for what concerns all of them, such as a lost connection: then nothing is known
	// of any.
	//
	// A rename finds its account at Operation.Place or Address, or at the new address where it has happened already. An
	// address aside (account.TempAddress) is one like any other: an account may stay there between two calls.
	//
	// An operation with a Home concerns the mailbox that has this mail directory, and no other that is found at the
	// address (rule R26).
	Apply(ctx context.Context, d account.Domain, operations []account.Operation) ([]error, error)
}

// Login is a mailbox that somebody may log in to.
type Login struct {
	Address string
	Active  bool // mailbox and domain
}

// Query narrows and widens what Accounts reads.
type Query struct {
	// Addresses limits the answer to these; nil means all.
	Addresses []string
	// Having, where it is not nil, limits the answer to aliases that have one of these addresses as a member.
	Having []string
	// Members asks for Account.Members of aliases too.
	Members bool
	// Mend has a store without transactions take back, once it has given all accounts of the domain, what it has written down of the
	// deletion of mailboxes that are there. It writes nothing else.
	Mend bool
	// Homes, where it is not nil, asks another question: which of these mail directories are taken (rule R5). The answer has
	// the mailbox of any domain, or the deleted one whose directory is still kept (Reserved), that has one of them; Address,
	// Kind and Home are all that is filled in, and an address may come more than once. Two directories are the same where
	// NormalHome says so; a store whose index tells case apart may miss one that somebody else wrote in upper case. It costs
	// a few statements for some hundred directories.
	Homes []string
}
