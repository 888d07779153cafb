package run

import (
	"context"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Probe is what a directory server says of itself before anything is read.
type Probe struct {
	// BaseDN is the server's own proposal (defaultNamingContext), empty where it makes none.
	BaseDN string
	// Server names the server for people (dnsHostName), Invocation the database of it that answered (invocationId of
	// dsServiceName): change counters are good with the same one only.
	Server, Invocation string
	// HighestUSN is the server's change counter, read before any search: the next watermark.
	HighestUSN int64
}

// Listing is how a stream of objects ended. Its zero value is the careful answer: not complete.
type Listing struct {
	// Complete says that the server gave everything in scope: the search ended with success and an empty page
	// cookie, without result code referral or a limit. Only then may an absent object be taken for one that left.
	Complete bool
	// Count is the number of objects given.
	Count int
}

// Reader reads one account resource's directory. One Reader serves one run; Close ends its connection.
//
// "Could not ask" and "asked, and there is nothing" are different: the first is an error, the second a Listing with
// Complete set and no objects. Errors that an admin can do something about are *resource.Problem or
// resource.Problems.
type Reader interface {
	// Probe connects, binds, and checks what the settings name: base DN, filters, attributes. A mapped attribute that
	// the server's schema does not know is a Problem, since reading it as absent would clear everybody's value.
	Probe(ctx context.Context) (Probe, error)

	// List streams the objects of the kind in scope to each, page by page, reading ahead while each works. It stops
	// with each's error. limit is the most objects wanted, 0 for all; a stream ended by the limit is not complete
	// unless there was nothing more.
	List(ctx context.Context, kind account.ObjectKind, limit int, each func(account.Object) error) (Listing, error)

	// LookUp reads objects by their identity, wherever in the directory they are. Those that are not there, or not
	// shown to this account, are missing from the answer; an error is that it could not be asked.
	LookUp(ctx context.Context, ids []account.SourceID) ([]account.Object, error)

	// InScope tells which of the objects are in the scope of the kind - below the base DN and matching the filter - by
	// asking for their identities. An error is that it could not be asked.
	InScope(ctx context.Context, kind account.ObjectKind, ids []account.SourceID) ([]account.SourceID, error)

	// Close ends the connection.
	Close() error
}

// OpenReader makes a Reader for settings; it does not connect yet.
type OpenReader func(resource.Settings) (Reader, error)
