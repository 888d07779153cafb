package run_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// forwardingWorld is people and groups that forward to each other, change their addresses, go off and on, leave and return, all
// at random, while runs are cut off. It knows what must come of it.
type forwardingWorld struct {
	*harness
	random  *rand.Rand
	players []*player
	routes  [][2]*player // who forwards to whom, made here by hand
	names   int
	story   []string
	before  map[account.SourceID]account.Object // what the directory showed last
}

// player is a person, a group, or an alias that was made here.
type player struct {
	id, local string
	group     bool
	byHand    bool
	off, gone bool
	members   []*player
}

func (s *player) address() string { return s.local + "@example.com" }

// on reports whether mail goes there.
func (s *player) on() bool { return !s.off && !s.gone }

func newForwardingWorld(t *testing.T, seed uint64) *forwardingWorld {
	t.Helper()
	v := &forwardingWorld{harness: newHarness(t), random: rand.New(rand.NewPCG(seed, 2))}
	r := &v.res.Settings.Replication
	r.Groups, r.MaxRemovals, r.MaxRemovalPercent = true, 1000, 100
	for i := range 12 {
		v.players = append(v.players, &player{id: fmt.Sprintf("s%02d", i), local: v.fresh(), group: i >= 8 && i < 10, byHand: i >= 10})
	}
	if seed%2 == 1 { // the others read everything each time
		v.people.invocation, v.people.tombstones = "dc1", true
	}
	v.listed()
	v.once()
	for _, s := range v.players {
		if s.byHand {
			v.mail.AddAccount(account.Account{Address: s.address(), Kind: account.Alias, Active: true})
		}
	}
	for range 8 {
		from, to := v.players[v.random.IntN(12)], v.players[v.random.IntN(12)]
		if from == to || from.group || slices.Contains(v.routes, [2]*player{from, to}) {
			continue
		}
		v.routes = append(v.routes, [2]*player{from, to})
		v.forward(from.local, to.local)
	}
	return v
}

func (v *forwardingWorld) fresh() string { v.names++; return fmt.Sprintf("n%03d", v.names) }

// listed is what the directory shows.
func (v *forwardingWorld) listed() {
	v.people.objects = nil
	for _, s := range v.players {
		if s.byHand || s.gone {
			continue
		}
		o := user(s.id, s.address(), s.id)
		o.Disabled = s.off
		if s.group {
			o = account.Object{ID: account.SourceID(s.id), Kind: account.Group, DN: "CN=" + s.id, Mail: []string{s.address()}}
			for _, m := range s.members {
				o.Members = append(o.Members, account.SourceID(m.id))
			}
		}
		v.people.objects = append(v.people.objects, o)
	}
	v.count()
	v.random.Shuffle(len(v.people.objects), func(i, j int) {
		v.people.objects[i], v.people.objects[j] = v.people.objects[j], v.people.objects[i]
	})
}

// count has the directory count what changed, and leave tombstones.
func (v *forwardingWorld) count() {
	shown := map[account.SourceID]account.Object{}
	for i := range v.people.objects {
		o := &v.people.objects[i]
		o.USN = v.before[o.ID].USN
		if !cmp.Equal(*o, v.before[o.ID]) {
			v.people.usn++
			o.USN = v.people.usn
		}
		shown[o.ID] = *o
	}
	v.people.touched = slices.DeleteFunc(v.people.touched, func(t run.ChangedObject) bool { return shown[t.ID].ID != "" })
	for id, o := range v.before {
		if _, there := shown[id]; !there {
			v.people.usn++
			v.people.touched = append(v.people.touched, run.ChangedObject{ID: id, Kind: o.Kind, Deleted: true})
		}
	}
	v.before = shown
}

// stir has something happen. Who is gone keeps his address: it is nobody else's business.
func (v *forwardingWorld) stir(leaving bool) {
	for _, s := range v.players {
		switch happens := v.random.IntN(12); {
		case s.byHand:
		case happens == 0 && leaving:
			s.gone = !s.gone
		case happens == 1 && !s.group:
			s.off = !s.off
		case happens < 4 && s.group && !s.gone:
			s.local = v.fresh()
			s.members = nil
			for _, n := range v.random.Perm(8)[:v.random.IntN(4)] {
				s.members = append(s.members, v.players[n])
			}
		default:
			continue
		}
		v.story = append(v.story, fmt.Sprintf("%s %s off=%t gone=%t", s.id, s.local, s.off, s.gone))
	}
	if v.gone(0, 8) { // an empty listing is not believed
		v.players[0].gone = false
	}
	if v.gone(8, 10) {
		v.players[8].gone = false
	}
	var chosen []*player
	for _, n := range v.random.Perm(8)[:v.random.IntN(5)] {
		if !v.players[n].gone {
			chosen = append(chosen, v.players[n])
		}
	}
	if len(chosen) == 0 {
		return
	}
	last := chosen[0].local // they hand on their addresses, in a ring or a chain
	if v.random.IntN(2) == 0 {
		last = v.fresh()
	}
	for i, s := range chosen {
		from, to := s.local, last
		if i+1 < len(chosen) {
			to = chosen[i+1].local
		}
		s.local = to
		v.story = append(v.story, fmt.Sprintf("%s: %s -> %s", s.id, from, to))
	}
}

func (v *forwardingWorld) gone(from, to int) bool {
	for _, s := range v.players[from:to] {
		if !s.gone {
			return false
		}
	}
	return true
}

// meddle has an admin switch accounts on here that are off. Who shall stay off is only looked at again by a run that reads
// everything.
func (v *forwardingWorld) meddle() {
	for _, s := range v.players {
		l := v.tables.links[account.SourceID(s.id)]
		if s.byHand || !(l.Off != "") || v.people.tombstones && !s.on() || v.random.IntN(4) > 0 {
			continue
		}
		v.switchOn(l.Address)
		v.story = append(v.story, s.id+" is switched on here")
	}
}

// refuse has the mail store refuse what is to be done to some of them, until it is lifted.
func (v *forwardingWorld) refuse() (lift func()) {
	var addresses []string
	for _, a := range accounts(v.harness) {
		if v.random.IntN(8) == 0 {
			addresses = append(addresses, a.Address)
			v.mail.Refuse(a.Address, errors.New("refused"))
		}
	}
	v.story = append(v.story, fmt.Sprint("refused: ", addresses))
	return func() {
		for _, a := range addresses {
			v.mail.Refuse(a, nil)
		}
	}
}

// wanted are the rows that must be active: those of every address that is on. An alias that follows a group leaves out
// members that are off.
func (v *forwardingWorld) wanted() []string {
	var all []string
	add := func(from, to *player) {
		if from.on() {
			all = append(all, from.local+" "+to.local)
		}
	}
	for _, s := range v.players {
		if !s.group && !s.byHand {
			add(s, s)
		}
		for _, m := range s.members {
			if m.on() {
				add(s, m)
			}
		}
	}
	for _, r := range v.routes {
		add(r[0], r[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (v *forwardingWorld) found() []string {
	var all []string
	for _, r := range v.mail.Routes() {
		all = append(all, strings.ReplaceAll(r.Address+" "+r.Forwarding, "@example.com", ""))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestR8_R9_R19_ForwardingsOutliveWhateverHappens(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			v := newForwardingWorld(t, seed)
			for round := range 10 {
				v.now = v.now.Add(time.Hour)
				v.config.BatchSize = []int{1, 2, 3, 100}[v.random.IntN(4)]
				v.stir(true)
				v.listed()
				v.meddle()
				if v.random.IntN(2) == 0 {
					lift := v.refuse()
					faulty := &cutting{
						tables: v.tables, backend: v.mail, nth: 1 + v.random.IntN(5), err: errors.New("cut off"),
						method: []string{"Claim", "Settle", "Apply"}[v.random.IntN(3)], when: []string{"before", "after"}[v.random.IntN(2)],
					}
					v.config.Backend, v.config.Links, v.config.Journal = faulty, faulty, faulty
					v.once()
					v.config.Backend, v.config.Links, v.config.Journal = v.mail, v.tables, v.tables
					lift()
					v.story = append(v.story, fmt.Sprint("cut ", faulty.method, faulty.when, faulty.nth, " of ", faulty.seen))
					if v.random.IntN(2) == 0 {
						v.now = v.now.Add(time.Hour)
						leaving := v.random.IntN(2) == 0
						v.stir(leaving)
						v.listed()
						if leaving { // an account may be left with either address: everybody comes back
							require.Equal(t, run.Succeeded, v.once().Outcome)
							for _, s := range v.players {
								s.gone = false
							}
							v.now = v.now.Add(time.Hour)
							v.listed()
						}
					}
				}
				got := v.once()
				require.Equal(t, run.Succeeded, got.Outcome, "%v", got.Error)
				if len(v.tables.held) > 0 { // an alias that would lose all its members waits
					v.decide(run.Confirmed)
					require.Equal(t, run.Succeeded, v.once().Outcome)
				}
				require.Empty(t, cmp.Diff(v.wanted(), v.found()), "round %d of %d: %s", round, seed, strings.Join(v.story, "\n"))
				for _, s := range v.players {
					if l := v.tables.links[account.SourceID(s.id)]; !s.byHand {
						require.Equal(t, s.on(), !(l.Off != ""), s.id)
						require.Equal(t, s.address(), l.Address)
						require.Equal(t, account.Confirmed, l.State)
					}
				}
				v.story = append(v.story, "--- "+fmt.Sprint(v.config.BatchSize))
			}
		})
	}
}
