package run_test

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

// trap panics in one call of a port: the one with a number, or the next of a name.
type trap struct {
	mu     sync.Mutex
	left   int    // calls until it panics
	name   string // of the calls that count, the first of which it panics in if left is 0; empty: all count
	sprung string // the call that it panicked in
}

func (t *trap) enter(call string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.name != "" && t.name != call || t.name == "" && t.left == 0 {
		return
	}
	if t.left--; t.left > 0 {
		return
	}
	t.sprung, t.name, t.left = call, "", 0
	panic("boom in " + call)
}

// set makes the trap panic in the n-th call from now on, or in the n-th of one name; 0 takes it away.
func (t *trap) set(n int, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left, t.name, t.sprung = n, name, ""
}

// on puts the trap into every port of the harness.
func (t *trap) on(r *harness) {
	open, mail, kept := r.config.OpenReader, r.config.Backend, &trappedTables{r.tables, t}
	r.config.OpenReader = func(s resource.Settings) (run.Reader, error) {
		t.enter("OpenReader")
		reader, err := open(s)
		return &trappedReader{reader, t}, err
	}
	r.config.Backend = &trappedBackend{mail, t}
	r.config.Links, r.config.Journal, r.config.Leases = kept, kept, kept
	r.config.Removals, r.config.Watermarks, r.config.Tasks = kept, kept, kept
}

type trappedReader struct {
	run.Reader
	trap *trap
}

func (r *trappedReader) Probe(ctx context.Context) (run.Probe, error) {
	r.trap.enter("Probe")
	return r.Reader.Probe(ctx)
}

func (r *trappedReader) List(ctx context.Context, q run.Query, each func(account.Object) error) (run.Listing, error) {
	r.trap.enter("List")
	return r.Reader.List(ctx, q, each)
}

func (r *trappedReader) Changed(ctx context.Context, since int64) ([]run.ChangedObject, error) {
	r.trap.enter("Touched")
	return r.Reader.Changed(ctx, since)
}

func (r *trappedReader) LookUp(ctx context.Context, ids []account.SourceID) ([]account.Object, error) {
	r.trap.enter("LookUp")
	return r.Reader.LookUp(ctx, ids)
}

func (r *trappedReader) GroupsOf(ctx context.Context, objects []account.Object) ([]account.Object, error) {
	r.trap.enter("GroupsOf")
	return r.Reader.GroupsOf(ctx, objects)
}

func (r *trappedReader) HasNeighbours(ctx context.Context, dns []string) (map[string]bool, error) {
	r.trap.enter("HasNeighbours")
	return r.Reader.HasNeighbours(ctx, dns)
}

func (r *trappedReader) Close() error {
	r.trap.enter("Close")
	return r.Reader.Close()
}

type trappedBackend struct {
	backends.Backend
	trap *trap
}

func (b *trappedBackend) Fields() account.Fields {
	b.trap.enter("Fields")
	return b.Backend.Fields()
}

func (b *trappedBackend) Canonical(address string, p account.Profile) account.Profile {
	b.trap.enter("Canonical")
	return b.Backend.Canonical(address, p)
}

func (b *trappedBackend) Domains(ctx context.Context, part string, limit int) ([]string, error) {
	b.trap.enter("Domains")
	return b.Backend.Domains(ctx, part, limit)
}

func (b *trappedBackend) Domain(ctx context.Context, name string) (account.Domain, error) {
	b.trap.enter("Domain")
	return b.Backend.Domain(ctx, name)
}

func (b *trappedBackend) Accounts(ctx context.Context, domain string, q backends.Query) iter.Seq2[account.Account, error] {
	return func(yield func(account.Account, error) bool) {
		b.trap.enter("Accounts")
		b.Backend.Accounts(ctx, domain, q)(yield)
	}
}

func (b *trappedBackend) Apply(ctx context.Context, d account.Domain, changes []account.Operation) ([]error, error) {
	b.trap.enter("Apply")
	return b.Backend.Apply(ctx, d, changes)
}

type trappedTables struct {
	*tables
	trap *trap
}

func (l *trappedTables) Acquire(ctx context.Context, id int64, owner string, ttl time.Duration) (run.Lease, error) {
	l.trap.enter("Acquire")
	return l.tables.Acquire(ctx, id, owner, ttl)
}

func (l *trappedTables) Renew(ctx context.Context, lease run.Lease, ttl time.Duration) (run.Lease, error) {
	l.trap.enter("Renew")
	return l.tables.Renew(ctx, lease, ttl)
}

func (l *trappedTables) Release(ctx context.Context, lease run.Lease) error {
	l.trap.enter("Release")
	return l.tables.Release(ctx, lease)
}

func (l *trappedTables) Links(ctx context.Context, id int64, domain string) iter.Seq2[account.Link, error] {
	return func(yield func(account.Link, error) bool) {
		l.trap.enter("Links")
		l.tables.Links(ctx, id, domain)(yield)
	}
}

func (l *trappedTables) Known(ctx context.Context, id int64, ids []account.SourceID) ([]account.SourceID, error) {
	l.trap.enter("Known")
	return l.tables.Known(ctx, id, ids)
}

func (l *trappedTables) Of(ctx context.Context, id int64, ids []account.SourceID) ([]account.Link, error) {
	l.trap.enter("Of")
	return l.tables.Of(ctx, id, ids)
}

func (l *trappedTables) At(ctx context.Context, addresses []string) ([]account.Link, error) {
	l.trap.enter("At")
	return l.tables.At(ctx, addresses)
}

func (l *trappedTables) Claims(ctx context.Context, id int64, domain string) ([]account.Link, error) {
	l.trap.enter("Claims")
	return l.tables.Claims(ctx, id, domain)
}

func (l *trappedTables) Unlinked(ctx context.Context, id int64) ([]account.SourceID, error) {
	l.trap.enter("Unlinked")
	return l.tables.Unlinked(ctx, id)
}

func (l *trappedTables) SetUnlinked(ctx context.Context, lease run.Lease, ids []account.SourceID) error {
	l.trap.enter("SetUnlinked")
	return l.tables.SetUnlinked(ctx, lease, ids)
}

func (l *trappedTables) Some(ctx context.Context, id int64, kind account.Kind, limit int) ([]account.SourceID, error) {
	l.trap.enter("Some")
	return l.tables.Some(ctx, id, kind, limit)
}

func (l *trappedTables) Count(ctx context.Context, id int64) (int, error) {
	l.trap.enter("Count")
	return l.tables.Count(ctx, id)
}

func (l *trappedTables) Claim(ctx context.Context, lease run.Lease, links []account.Link) ([]error, error) {
	l.trap.enter("Claim")
	return l.tables.Claim(ctx, lease, links)
}

func (l *trappedTables) Begin(ctx context.Context, lease run.Lease, t run.Trigger, m run.Mode, at time.Time) (run.Run, error) {
	l.trap.enter("Begin")
	return l.tables.Begin(ctx, lease, t, m, at)
}

func (l *trappedTables) Mode(ctx context.Context, lease run.Lease, id int64, m run.Mode) error {
	l.trap.enter("Mode")
	return l.tables.Mode(ctx, lease, id, m)
}

func (l *trappedTables) Progress(ctx context.Context, lease run.Lease, id int64, p run.Progress, isNew bool) (bool, error) {
	l.trap.enter("Progress")
	return l.tables.Progress(ctx, lease, id, p, isNew)
}

func (l *trappedTables) Settle(ctx context.Context, lease run.Lease, id int64, s run.Settled) error {
	l.trap.enter("Settle")
	return l.tables.Settle(ctx, lease, id, s)
}

func (l *trappedTables) End(ctx context.Context, id int64, o run.Outcome, why account.Message, waiting int, finished time.Time) error {
	l.trap.enter("End")
	return l.tables.End(ctx, id, o, why, waiting, finished)
}

func (l *trappedTables) Discard(ctx context.Context, id int64) (bool, error) {
	l.trap.enter("Discard")
	return l.tables.Discard(ctx, id)
}

func (l *trappedTables) Forget(ctx context.Context, id int64, before time.Time) error {
	l.trap.enter("Forget")
	return l.tables.Forget(ctx, id, before)
}

func (l *trappedTables) Waiting(ctx context.Context, id int64) ([]run.Held, error) {
	l.trap.enter("Waiting")
	return l.tables.Waiting(ctx, id)
}

func (l *trappedTables) Keep(ctx context.Context, lease run.Lease, held []run.Held) error {
	l.trap.enter("Keep")
	return l.tables.Keep(ctx, lease, held)
}

func (l *trappedTables) Watermark(ctx context.Context, id int64) (run.Watermark, error) {
	l.trap.enter("Mark")
	return l.tables.Watermark(ctx, id)
}

func (l *trappedTables) Open(ctx context.Context, lease run.Lease) error {
	l.trap.enter("Open")
	return l.tables.Open(ctx, lease)
}

func (l *trappedTables) SetWatermark(ctx context.Context, lease run.Lease, m run.Watermark) error {
	l.trap.enter("SetWatermark")
	return l.tables.SetWatermark(ctx, lease, m)
}

func (l *trappedTables) Pending(ctx context.Context, id int64, application string, limit int) ([]run.Task, error) {
	l.trap.enter("Pending")
	return l.tables.Pending(ctx, id, application, limit)
}

func (l *trappedTables) Done(ctx context.Context, id int64) error {
	l.trap.enter("Done")
	return l.tables.Done(ctx, id)
}

// trappedLog is a log whose handler panics.
type trappedLog struct{ trap *trap }

func (h *trappedLog) Enabled(context.Context, slog.Level) bool { return true }

func (h *trappedLog) WithGroup(string) slog.Handler { return h }

func (h *trappedLog) WithAttrs([]slog.Attr) slog.Handler {
	h.trap.enter("WithAttrs")
	return h
}

func (h *trappedLog) Handle(_ context.Context, r slog.Record) error {
	h.trap.enter("Handle " + r.Message)
	return nil
}
