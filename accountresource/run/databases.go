package run

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

// Unshown is a linked object that a database of the directory has never shown, so that its absence there does not say that it left
// (rule R24).
type Unshown struct {
	Source account.SourceID
	// Since is when a complete listing lacked the object first, Listings how many have.
	Since    time.Time
	Listings int
}

// databases is what a run knows of the databases of the directory (rule R24).
type databases struct {
	// doubted says that it is not known whom the database has shown so far: it is new, was restored, or others linked objects of
	// which there is no list. switched says that another one answered the run before.
	doubted, switched bool
	unshown           map[account.SourceID]Unshown
	// counted are those that a listing of this run lacked, linked those that this run linked.
	counted map[account.SourceID]bool
	linked  map[account.SourceID]bool
	said    []Said // by this run
}

const (
	// neverShownAfter and neverShownListings are how long and in how many complete listings an object that a database has never
	// shown is missing there before an admin is asked (rule R13).
	neverShownAfter    = 24 * time.Hour
	neverShownListings = 3
	// mostUnshown is how many objects are kept by name; if there are more, the database is doubted.
	mostUnshown = 2000
	// mostDatabases is how many databases have a watermark, besides the last one.
	mostDatabases = 15
)

// chooseDatabase takes the watermark of the database that answers. Its zero value is that of one that is new.
func (p *Replication) chooseDatabase() {
	last := p.watermark
	if last.Open { // what that run linked is not known: only its own database has shown it for certain
		last.Others = slices.Clone(last.Others)
		for i := range last.Others {
			last.Others[i].Open = true
		}
	}
	p.watermark = last
	if last.Invocation != p.probe.Invocation {
		p.switchDatabase(last)
	}
	m := &p.watermark
	isOnly := len(m.Others) == 0 && !p.doubted
	p.doubted = p.doubted || !isOnly && (m.Full.IsZero() || m.Invocation == "") || m.Invocation != "" && m.USN > p.probe.HighestUSN
	if p.doubted && p.switched {
		m.USN, m.Full, m.Listed = 0, time.Time{}, time.Time{} // so that a run that is cut off leaves the doubt
	}
	p.unshown = make(map[account.SourceID]Unshown, len(m.Unshown))
	for _, u := range m.Unshown {
		p.unshown[u.Source] = u
	}
}

// switchDatabase takes the watermark of another database than the last one.
func (p *Replication) switchDatabase(last Watermark) {
	next := Watermark{Invocation: p.probe.Invocation}
	others := make([]Watermark, 0, len(last.Others)+1)
	if last.Invocation != "" || len(last.Others) > 0 {
		rest := last
		rest.Others, rest.Retries, rest.Said = nil, nil, nil
		others = append(others, rest)
		p.doubted = true // unless its own watermark is found
	}
	for _, o := range last.Others {
		if o.Invocation != next.Invocation {
			others = append(others, o)
			continue
		}
		next, p.doubted = o, last.Open || o.Open
	}
	next.Others, next.Retries, next.Said = others[:min(len(others), mostDatabases)], last.Retries, last.Said
	p.watermark, p.switched = next, true
}

// shows notes that the database shows an object.
func (p *Replication) shows(id account.SourceID) { delete(p.unshown, id) }

// misses notes that a complete listing lacked an object that the database has never shown. It reports whether the first one did.
func (p *Replication) misses(id account.SourceID) (first bool) {
	u := p.unshown[id]
	if p.counted[id] {
		return false
	}
	p.counted[id] = true
	if first = u.Listings == 0; first {
		u = Unshown{Source: id, Since: p.cfg.Clock()}
	}
	u.Listings++
	p.unshown[id] = u
	return first
}

// neverShown reports whether an object has been missing for long enough in a database that never showed it.
func (p *Replication) neverShown(id account.SourceID) bool {
	u, policy := p.unshown[id], &p.res.Settings.Replication
	return (policy.Delete || policy.DisableRemoved) && u.Listings >= neverShownListings && p.cfg.Clock().Sub(u.Since) > neverShownAfter
}

// mayHaveLeft returns those of the objects which a database lacks that it has shown before: only these may have left it. Of the
// others, a row in the log says so, once.
func (p *Replication) mayHaveLeft(
	ctx context.Context, b *plan.Planner, kind account.Kind, absent []account.SourceID, f *feed,
) (left []account.SourceID, err error) {
	for _, id := range absent {
		if _, unshown := p.unshown[id]; p.elsewhere[id] || !unshown && !p.doubted {
			left = append(left, id)
			continue
		}
		first := b.IsListed(kind) && p.misses(id)
		if p.neverShown(id) {
			b.NeverShown(id)
			left = append(left, id)
			continue
		}
		if c, ok := b.Doubt(id); ok && first {
			if err := f.add(ctx, c); err != nil {
				return nil, err
			}
		}
	}
	return left, nil
}

// noteLinked notes that this run linked an object, which databases that do not answer now have not shown yet.
func (p *Replication) noteLinked(s *step) {
	if isNew := s.Before == nil || s.Before.Resource != p.res.ID || s.Before.Released; isNew && s.Link != nil && len(p.watermark.Others) > 0 {
		p.linked[s.Source] = true
	}
}

// otherDatabases returns the watermarks of the databases that did not answer this run, with what it linked.
func (p *Replication) otherDatabases() []Watermark {
	others := slices.Clone(p.watermark.Others)
	for i := range others {
		o := &others[i]
		unshown := make(map[account.SourceID]Unshown, len(o.Unshown)+len(p.linked))
		for _, u := range o.Unshown {
			unshown[u.Source] = u
		}
		for id := range p.linked {
			if _, is := unshown[id]; !is {
				unshown[id] = Unshown{Source: id}
			}
		}
		o.Unshown = sortedUnshown(unshown)
		o.bound()
	}
	return others
}

// stillUnshown returns what the database has not shown so far. After a run that knows everybody who is linked and missing, it is
// these alone.
func (p *Replication) stillUnshown() []Unshown {
	if p.run.Mode == Full && p.incomplete.IsZero() {
		for id := range p.unshown {
			if !p.counted[id] {
				delete(p.unshown, id)
			}
		}
	}
	return sortedUnshown(p.unshown)
}

// bound has a database doubted that lacks too many objects to keep them by name.
func (m *Watermark) bound() {
	if len(m.Unshown) > mostUnshown {
		m.Unshown, m.Full, m.Open = nil, time.Time{}, true
	}
}

func sortedUnshown(of map[account.SourceID]Unshown) []Unshown {
	var all []Unshown
	for _, u := range of {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b Unshown) int { return strings.Compare(string(a.Source), string(b.Source)) })
	return all
}
