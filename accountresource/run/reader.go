package run

import (
	"context"
	"errors"

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
	// Reached is where the server was reached, for ReaderWithServer.
	Reached string
	// HighestUSN is the server's change counter, read before any search: the next watermark.
	HighestUSN int64
	// Tombstones says that this account is shown deleted objects.
	Tombstones bool
	// Follows says that the server tells all that changes in the scope by its counter: the scope lies in the part of the
	// tree that Changed looks at, and the filters name nothing that changes with other objects (memberOf).
	Follows bool
}

// Listing is how a stream of objects ended. Its zero value is the careful answer: not complete.
type Listing struct {
	// Complete says that the server gave everything in scope: the search ended with success and an empty page
	// cookie, without result code referral or a limit. Only then may an absent object be taken for one that left.
	Complete bool
	// Count is the number of objects given.
	Count int
}

// Query is what a listing asks for: all objects of a kind in scope, or those of them that the other fields leave.
type Query struct {
	Kind account.ObjectKind // User or Group
	// Limit is the most objects wanted, 0 for all.
	Limit int
	// Since restricts the listing to objects whose own change counter is above it; 0 does not.
	Since int64
	// IDs restricts the listing to these objects; nil does not.
	IDs []account.SourceID
	// Primary restricts the listing to users whose primary group is one of these, by relative identifier; ExcludePrimary
	// inverts that.
	Primary        []uint32
	ExcludePrimary bool
	// Showing restricts the listing to users that show at least one of these mapped fields; none does not.
	Showing account.Fields
	// IDsOnly asks for identities and primary groups alone.
	IDsOnly bool
}

// ChangedObject is an object of the directory that has changed, in scope or not.
type ChangedObject struct {
	ID   account.SourceID
	Kind account.ObjectKind
	DN   string
	// Deleted: it is a tombstone. Container: other objects may be below it, and it was there before, so that it may have
	// taken them with it without their changing.
	Deleted, Container bool
	// Computer: it is a computer, which Active Directory takes for a kind of user.
	Computer bool
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

	// List streams objects in scope to each, page by page, reading ahead while each works. It stops with each's error.
	// A stream ended by the limit is not complete unless there was nothing more. Contacts are in no listing of users,
	// though the filter may find them: they are nobody's mailbox, and LookUp reads those that are members.
	List(ctx context.Context, q Query, each func(account.Object) error) (Listing, error)

	// Changed returns the objects of the whole domain whose own change counter is above since, tombstones among them where
	// they can be seen. An error is that it could not be asked, or not whole.
	Changed(ctx context.Context, since int64) ([]ChangedObject, error)

	// LookUp reads objects by their identity, wherever in the directory they are. Those that are not there, or not
	// shown to this account, are missing from the answer; an error is that it could not be asked.
	LookUp(ctx context.Context, ids []account.SourceID) ([]account.Object, error)

	// GroupsOf returns the groups, wherever in the directory they are, that one of the objects is in: because the group lists
	// it, because it is the object's primary group, or because the object manages it. Objects are found by ID, DN and Primary;
	// the groups have their ID and DN alone. It asks the groups, as the whole listing does, and not the objects, whose own
	// list (memberOf) fewer may read. ErrGroupsUnknown says that the server does not show enough to tell.
	GroupsOf(ctx context.Context, objects []account.Object) ([]account.Object, error)

	// HasNeighbours reports, for each DN, whether the directory shows any object directly below the one above it. An account that
	// has lost the right to read a unit sees nothing there, as if everybody had left.
	HasNeighbours(ctx context.Context, dns []string) (map[string]bool, error)

	// Close ends the connection.
	Close() error
}

// ReaderWithServer is a Reader that may be told which of several servers to ask first.
type ReaderWithServer interface {
	// Prefer names the server that an earlier run reached (Probe.Reached).
	Prefer(server string)
}

// ErrGroupsUnknown says that a directory does not show which groups objects are in, so that all groups have to be read.
var ErrGroupsUnknown = errors.New("the groups of objects cannot be asked for")

// OpenReader makes a Reader for settings; it does not connect yet.
type OpenReader func(resource.Settings) (Reader, error)
