package run

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Errors of the ports.
var (
	// ErrRunning: another run of the resource holds the lease (rule R20).
	ErrRunning = errors.New("a run of this resource is already going on")
	// ErrLeaseLost: the lease expired or went to another run; nothing more may be written.
	ErrLeaseLost = errors.New("the run lost its lease")
	// ErrDatabase: the database with the module's tables could not be asked, did not answer, or takes no changes at present.
	ErrDatabase = errors.New("the panel's database is not available")
	// ErrDisabled: a disabled resource runs neither by schedule nor by button (rule R20).
	ErrDisabled = errors.New("the resource is disabled")
	// ErrConflict: the link's object or address is already linked elsewhere (rule R2).
	ErrConflict = errors.New("already linked")
	// ErrNotFound: no such run.
	ErrNotFound = errors.New("no such run")
	// ErrBusy: too many searches of the history are running; try again later.
	ErrBusy = errors.New("too many searches of the history at once")
)

// Trigger is what started a run.
type Trigger string

// The triggers.
const (
	Manual    Trigger = "manual"
	Scheduled Trigger = "schedule"
	Live      Trigger = "live"
)

// Mode is how much of the directory a run reads.
type Mode string

// The modes.
const (
	Full        Mode = "full"
	Incremental Mode = "incremental"
)

// Outcome is how a run ended; empty while it runs.
type Outcome string

// The outcomes. Partial: it came to its end, but at least one object failed or a listing of the directory was not whole.
const (
	Succeeded   Outcome = "succeeded"
	Partial     Outcome = "partial"
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted"
)

// Run is a row of the history.
type Run struct {
	ID       int64
	Resource int64
	Trigger  Trigger
	Mode     Mode
	Started  time.Time
	Finished time.Time // zero while it runs
	Outcome  Outcome
	// Error says why the run failed or was interrupted, or which listing was not whole; zero otherwise.
	Error account.Message
	// Counts are the log rows by action: they come from the same rows (rule R21). Those of ActionHeld are the removals that
	// wait for an admin at the end.
	Counts map[account.Action]int
}

// Entry is a row of a run's log: one account touched, ignored, held or failed.
type Entry struct {
	ID      int64
	Run     int64
	Time    time.Time
	Action  account.Action
	Kind    account.Kind
	Source  account.SourceID
	DN      string
	Address string
	Diff    []account.Difference
	Reason  account.Message
	// Detail is what the mail account store said of a change that it refused; it holds no secrets. What a directory or a
	// network says goes to the log of the panel only.
	Detail string
}

// LogFilter narrows the rows of a run's log. The zero value is all rows.
type LogFilter struct {
	Action account.Action
	Query  string // part of an address, DN, value, reason or detail; case does not matter
	// From and Until bound the time of the rows; Until is outside.
	From, Until time.Time
	// After or Before is the key of a row: those behind it, or those next in front of it. That is as fast in the
	// middle of a long log as at its beginning; Page counts where neither is given.
	After, Before int64
	Page          int // from 1
	Size          int // rows a page
	// Wait says that a search of an account's history waits for its turn as long as its context lives, as a download
	// does, rather than return ErrBusy.
	Wait bool
}

// Searches reports whether rows have to be looked at one by one, since no index knows which of them match.
func (f LogFilter) Searches() bool { return f.Query != "" || !f.From.IsZero() || !f.Until.IsZero() }

// Page is a part of a log. A search looks at a bounded number of rows, so that it may end before the page is full.
type Page struct {
	Entries []Entry
	// Total is how many rows match: where they have to be counted, up to one more than Counted of those that were
	// searched. It is -1 where the page does not begin with the first row, so that nobody counted.
	Total int
	// More says that other rows match behind those of the page.
	More bool
	// Searched is how many rows were looked at one by one. Next is the key of the last of them, from which a search has
	// to go on; 0 where all were looked at, or more are known to match.
	Searched int
	Next     int64
}

// Counted is the most that rows are counted up to whose number has to be found out.
const Counted = 1000

// Lease is the right to run a resource now. Fence rises with every lease given, so that a holder who lost his cannot
// write any more.
type Lease struct {
	Resource int64
	Owner    string
	Fence    int64
	Expires  time.Time
}

// Leases gives out the right to run (rule R20).
type Leases interface {
	// Acquire takes the lease of a resource for ttl, or returns ErrRunning, or ErrDisabled or resource.ErrNotFound where
	// the resource is disabled or gone by now. Taking over an expired lease also marks the run its holder left open as
	// interrupted.
	Acquire(ctx context.Context, resource int64, owner string, ttl time.Duration) (Lease, error)
	// Renew extends the lease by ttl from now, or returns ErrLeaseLost.
	Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error)
	// Release gives the lease back. Releasing one that is lost is no error.
	Release(ctx context.Context, l Lease) error
	// Held tells whether somebody holds a lease of the resource that has not expired.
	Held(ctx context.Context, resource int64) (bool, error)
	// Sweep marks open runs as interrupted whose lease has expired, as a process leaves them that was killed.
	Sweep(ctx context.Context) error
}

// Links keeps which source object is which account.
type Links interface {
	// Links streams the links of the resource, and those of other resources whose address is in the domain. The
	// caller may use the store while it ranges.
	Links(ctx context.Context, resource int64, domain string) iter.Seq2[account.Link, error]
	// Known are those of the objects that the resource has linked.
	Known(ctx context.Context, resource int64, ids []account.SourceID) ([]account.SourceID, error)
	// Of returns the links of the resource's objects with these identities; those that have none are left out.
	Of(ctx context.Context, resource int64, ids []account.SourceID) ([]account.Link, error)
	// Elsewhere returns the links that other resources have to accounts of the domain for these objects.
	Elsewhere(ctx context.Context, resource int64, domain string, ids []account.SourceID) ([]account.Link, error)
	// Some returns objects that the resource has linked to accounts of a kind, at most as many as limit.
	Some(ctx context.Context, resource int64, kind account.Kind, limit int) ([]account.SourceID, error)
	// Count returns the number of links that the resource has.
	Count(ctx context.Context, resource int64) (int, error)
	// At are the links of these addresses, of whichever resource.
	At(ctx context.Context, addresses []string) ([]account.Link, error)
	// Claims returns the claims of other resources with an address in the domain: the addresses that they keep are not only
	// those under which At finds them.
	Claims(ctx context.Context, resource int64, domain string) ([]account.Link, error)
	// Claim inserts or replaces the links (by resource and source ID) as they are, in one transaction fenced by the
	// lease: ErrLeaseLost writes nothing. The result holds one value for each link: nil, or ErrConflict where the
	// address is linked to another object; such a link fails alone.
	Claim(ctx context.Context, l Lease, links []account.Link) ([]error, error)
}

// Settled is what a batch came to.
type Settled struct {
	// Entries are the log rows; Entry.ID and Entry.Run are ignored.
	Entries []Entry
	// Links are inserted or replaced as they are; their rows, if they have any, have the same address. Moved are those
	// that get another address than their rows have; they may swap addresses. A conflict of addresses is an error.
	Links, Moved []account.Link
	// Confirmed are the addresses of claims that have come true as they stand: only their state and intent change.
	Confirmed []string
	// Unlinked are the objects whose link is dropped.
	Unlinked []account.SourceID
	// Tasks are to be done in applications.
	Tasks []Task
	// Freed are addresses at which released links stand that were taken back: those go.
	Freed []string
	// Unconfirmed is how many changes of each kind that is limited (rules R15, R23) the run has made so far, but for those that an
	// admin confirmed. It replaces what an earlier batch of the run wrote; nil where this one has none.
	Unconfirmed map[account.Action]int
}

// Journal keeps the history.
type Journal interface {
	// Begin opens a run, or returns ErrDisabled or resource.ErrNotFound where the resource is disabled or gone by now.
	Begin(ctx context.Context, l Lease, t Trigger, m Mode, started time.Time) (Run, error)
	// Mode says how much of the directory the run reads, fenced by the lease.
	Mode(ctx context.Context, l Lease, run int64, m Mode) error
	// Progress keeps how far the run is, where that is new, and tells whether an admin has cancelled it. It is fenced by
	// the lease.
	Progress(ctx context.Context, l Lease, run int64, p Progress, isNew bool) (cancelled bool, err error)
	// Settle writes what a batch came to in one transaction fenced by the lease: the links as they now stand, the log
	// rows, and the run's counts, which grow by these rows but for held. ErrLeaseLost writes nothing.
	Settle(ctx context.Context, l Lease, run int64, s Settled) error
	// End closes the run, with the number of removals that wait for an admin.
	End(ctx context.Context, run int64, o Outcome, why account.Message, waiting int, finished time.Time) error
	// Discard takes a run back that found nothing, as if it had not been. One that has log rows stays; done is false then.
	Discard(ctx context.Context, run int64) (done bool, err error)
	// Forget deletes the runs of the resource that started before a time, oldest first, but never the newest. What it has
	// no time for is left for the next call. It needs no lease.
	Forget(ctx context.Context, resource int64, before time.Time) error
}
