package scenario

import (
	"context"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// Domain is the hosted domain of all scenarios.
const Domain = "example.com"

// World is what a scenario is played in: a mail store that hosts Domain and has no account in it, and an enabled resource
// of kind Samba that replicates a Directory into it and has never run.
type World interface {
	// Directory returns the directory, which the resource's runs read.
	Directory() *Directory
	// Mail returns the mail store, for what an admin does by hand there.
	Mail() backends.Backend
	// Promote makes the mailbox that of a domain admin, which Mail cannot.
	Promote(address string) error
	// Reserve has something take the address that is neither a mailbox nor an alias, which Mail cannot.
	Reserve(address string) error
	// Limit has the domain allow so many mailboxes, or aliases.
	Limit(kind account.Kind, most int) error
	// Refuse has the mail store refuse every change that a run wants to make to the account, or no longer.
	Refuse(address string, refuses bool)

	// Configure changes the settings of the resource.
	Configure(change func(*resource.Settings)) error
	// Pass lets the time pass.
	Pass(time.Duration)
	// Replicate runs once and returns the run with the rows of its log.
	Replicate(context.Context, run.Mode) (run.Run, []run.Entry, error)
	// Links returns the links of the resource.
	Links(context.Context) ([]account.Link, error)
	// Held returns the objects with a change that waits for an admin.
	Held(context.Context) ([]account.SourceID, error)
	// Decide is what an admin says of such a change.
	Decide(context.Context, account.SourceID, run.Decision) error
}
