package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Watermark is up to where a resource has been replicated, and by which server's counting.
type Watermark struct {
	// Invocation is the server's database whose counter USN is; a counter means nothing to another one.
	Invocation string
	USN        int64
	// Server is where the database was reached (see Probe.Reached).
	Server string
	// Revision is that of the settings, Full when the last full run began that came to its end.
	Revision int64
	Full     time.Time
	// Open says that a run has begun to write and not come to its end: what it did is not known.
	Open bool
	// Tombstones says that a linked object was seen among the deleted ones. That their container is shown does not say that they are.
	Tombstones bool
	// Listed is when the identities of everybody in scope were listed last.
	Listed time.Time
	// Retries are objects that have to be looked at once more, though they do not change (rule R18).
	Retries []Retry
	// Unshown are the linked objects that the database has never shown, Others the watermarks of databases that answered before, the
	// latest first (rule R24). Their own Retries, Others and Said are empty.
	Unshown []Unshown
	Others  []Watermark
	// Said is what databases said within the last day, the latest first, as far as the runs came to their end.
	Said []Said
}

// Retry is an object that the next run looks at once more.
type Retry struct {
	Source account.SourceID
	Kind   account.Kind
}

// Watermarks keeps the watermarks (rules R17, R18).
type Watermarks interface {
	// Watermark reads a resource's watermark; the zero value is that of one that has none.
	Watermark(ctx context.Context, resource int64) (Watermark, error)
	// Open notes that a run begins to write; it is fenced by the lease.
	Open(ctx context.Context, l Lease) error
	// Unlinked returns the objects without an account on which the resource's aliases depend; SetUnlinked replaces them, fenced by
	// the lease.
	Unlinked(ctx context.Context, resource int64) ([]account.SourceID, error)
	SetUnlinked(ctx context.Context, l Lease, ids []account.SourceID) error
	// SetWatermark replaces the watermark, and what is to be looked at again; it is fenced by the lease.
	SetWatermark(ctx context.Context, l Lease, m Watermark) error
}

const (
	// fullEvery is how long incremental runs may follow each other: a full run repairs what was changed here.
	fullEvery = 24 * time.Hour
	// listEvery is how long tombstones alone are trusted to tell who left.
	listEvery = time.Hour
	// mostRetries is how many objects are looked at again by name; if there are more, the next run is a full one.
	mostRetries = 2000
)

// readWatermark reads the resource's watermark, where watermarks are kept.
func (p *Replication) readWatermark(ctx context.Context) (err error) {
	if p.cfg.Watermarks == nil {
		return nil
	}
	if p.watermark, err = p.cfg.Watermarks.Watermark(ctx, p.res.ID); err != nil {
		return fmt.Errorf("read how far the resource has been replicated: %w", err)
	}
	return nil
}

// canRunIncremental reports whether reading what changed since the watermark is enough (rule R17), or else why not.
func (p *Replication) canRunIncremental(probe Probe) (why string, enough bool) {
	m := &p.watermark
	switch {
	case p.cfg.Watermarks == nil, p.requested == Full:
		return "on demand", false
	case m.Invocation == "", m.Full.IsZero() && m.USN == 0 && !m.Open:
		return "first run on this database", false
	case m.Open:
		return "the last run did not come to its end", false
	case m.Revision != p.res.Revision:
		return "changed settings", false
	case m.USN > probe.HighestUSN:
		return "the server's counter went back", false
	case !probe.Follows:
		return "the scope depends on more than the counter tells", false
	case p.cfg.Clock().Sub(m.Full) >= fullEvery, p.cfg.Clock().Before(m.Full):
		return "once a day", false
	}
	return "", true
}

// trustsTombstones reports whether the deleted objects that the server shows are enough to tell who left, so that nobody has to be
// listed (rule R13).
func (p *Replication) trustsTombstones() bool {
	since := p.cfg.Clock().Sub(p.watermark.Listed)
	return p.probe.Tombstones && p.watermark.Tombstones && since >= 0 && since < listEvery
}

// showsTombstones reports whether deleted objects are shown, as far as this run and those before it have seen.
func (p *Replication) showsTombstones() bool {
	switch {
	case !p.probe.Tombstones, p.tombstoneMissed, p.watermark.Revision != p.res.Revision:
		return false
	}
	return p.watermark.Tombstones || p.tombstoneSeen
}

// since is the counter up to which everything has been replicated with these settings; 0 where that is not known, and for a preview.
func (p *Replication) since() int64 {
	if p.run.ID == 0 || p.doubted || p.watermark.Open || p.watermark.Revision != p.res.Revision {
		return 0
	}
	return p.watermark.USN
}

// markDirty notes, once, that this run begins to write.
func (p *Replication) markDirty(ctx context.Context) error {
	var err error
	switch {
	case p.cfg.Watermarks == nil:
		return nil
	case p.switched: // whose run it is tells who has shown what it links (rule R24)
		next := p.watermark
		next.Open = true
		err = p.cfg.Watermarks.SetWatermark(ctx, p.lease, next)
	case p.watermark.Open, p.watermark.Invocation == "": // without a watermark the next run is a full one anyway
		return nil
	default:
		err = p.cfg.Watermarks.Open(ctx, p.lease)
	}
	if err != nil {
		return fmt.Errorf("note that the run begins to write: %w", err)
	}
	p.watermark.Open, p.switched = true, false
	return nil
}

// retryLater notes an object that the next run looks at once more.
func (p *Replication) retryLater(id account.SourceID, kind account.Kind) {
	if id != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.retry[Retry{id, kind}] = struct{}{}
	}
}

// moveWatermark moves the watermark to where the server's counter was before anything was read. Everything before it is done, or
// noted to be looked at again.
func (p *Replication) moveWatermark(ctx context.Context) error {
	if p.cfg.Watermarks == nil {
		return nil
	}
	next := Watermark{Invocation: p.probe.Invocation, Server: p.probe.Reached, USN: p.probe.HighestUSN, Revision: p.res.Revision, Full: p.watermark.Full}
	next.Tombstones, next.Listed = p.showsTombstones(), p.watermark.Listed
	if p.identitiesListed {
		next.Listed = p.run.Started
	}
	if p.run.Mode == Full {
		next.Full, next.Listed = p.run.Started, p.run.Started
	}
	for a := range p.retry {
		next.Retries = append(next.Retries, a)
	}
	slices.SortFunc(next.Retries, func(a, b Retry) int { return strings.Compare(string(a.Source), string(b.Source)) })
	if len(next.Retries) > mostRetries {
		next.Retries, next.Open = nil, true // the next run reads everything
	}
	if !p.incomplete.IsZero() { // so it does, and a server that was not heard to the end has not been heard at all
		next = p.watermark
		next.Retries, next.Open = nil, true
	}
	next.Unshown, next.Others, next.Said = p.stillUnshown(), p.otherDatabases(), p.recentlySaid()
	if err := p.cfg.Watermarks.SetWatermark(ctx, p.lease, next); err != nil {
		return fmt.Errorf("note how far the resource has been replicated: %w", err)
	}
	return nil
}

// sourceKinds are the objects that accounts of a kind follow.
var sourceKinds = map[account.Kind]account.ObjectKind{account.Mailbox: account.User, account.Alias: account.Group}

// withGroups are the kinds of accounts that a resource keeps.
func withGroups(s *resource.Settings) []account.Kind {
	if s.Replication.Groups {
		return []account.Kind{account.Mailbox, account.Alias}
	}
	return []account.Kind{account.Mailbox}
}
