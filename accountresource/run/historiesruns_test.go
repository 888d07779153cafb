package run_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
)

var (
	worldContext = context.Background()
	errRefused   = errors.New("refused")
)

// leaseTime is longer than a killed run keeps its lease.
const leaseTime = 2 * time.Minute

// runOne runs a resource.
func (w *worldModel) runOne(s *historyStep) string {
	w.now = w.now.Add(s.wait)
	wanted := run.Full
	if w.settings.incremental {
		wanted = run.Incremental
	}
	r := s.who % 2
	result, met := w.replicate(r, wanted, s.fault)
	line := fmt.Sprintf("%s run of resource %d", result.Mode, r+1)
	if met {
		w.disturbed++
		line += ", " + s.fault.String()
	}
	return line + ": " + strings.Join(w.rows(result.ID), ", ")
}

// rows are the log rows of a run.
func (w *worldModel) rows(id int64) (lines []string) {
	for _, e := range w.tables.log {
		if e.Run == id {
			line := fmt.Sprintf("%s %s of %s", e.Action, short(e.Address), e.Source)
			if e.Reason.Key != "" {
				line += " (" + strings.TrimPrefix(e.Reason.Key, "reason_") + ")"
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// replicate runs a resource with a fault; met reports whether it was met.
func (w *worldModel) replicate(r int, wanted run.Mode, f fault) (result run.Run, met bool) {
	w.show()
	ports := &faultyPorts{worldTables: w.tables, backend: w.mail, fault: f, inStep: w.settings.inStep}
	if f.kind == refuses {
		for i, is := range f.refuse {
			if is {
				w.mail.Refuse(worldAddress(i), errRefused)
				defer w.mail.Refuse(worldAddress(i), nil)
			}
		}
	}
	var before map[string]account.Account
	if len(w.local) > 0 {
		before = w.accountsNow(false)
	}
	result, err := run.New(run.Config{
		OpenReader: w.people[r].open, Mail: run.Mail{Backend: ports, Storage: backends.DefaultStorage()},
		Store: run.Store{Links: ports, Journal: ports, Leases: ports, Removals: ports, Watermarks: ports, Neighbours: ports}, Owner: "test", Logger: silent, Clock: w.tables.clock, BatchSize: w.settings.batch,
	}).Once(worldContext, w.resources[r], run.Manual, wanted)
	if err != nil {
		w.violate("a run begins", "%v", err)
		return result, false
	}
	w.tables.down = nil
	if ports.killed {
		w.now = w.now.Add(leaseTime)
	}
	rows := w.rows(result.ID)
	if len(w.local) > 0 {
		w.checkLocal(before, rows)
	}
	met = ports.met || f.kind == refuses && result.Counts[account.ActionFailed] > 0
	if !ports.met {
		w.checkCounts(&result)
	}
	return result, met
}

// checkCounts compares the counts of a run with its rows (rule R21).
func (w *worldModel) checkCounts(r *run.Run) {
	counts := make(map[account.Action]int)
	for _, e := range w.tables.log {
		if e.Run == r.ID && e.Action != account.ActionHeld {
			counts[e.Action]++
		}
	}
	for _, action := range account.Actions() {
		if action != account.ActionHeld && counts[action] != r.Counts[action] {
			w.violate("R21 counts", "run %d: %d rows are %s, and %d are counted", r.ID, counts[action], action, r.Counts[action])
		}
	}
}

// mostRounds is how often both resources run until nothing is left to do. Where addresses go from one resource to the other,
// each of them has to wait for the other.
const mostRounds, mostRoundsCrossing = 3, 6

// finish runs both resources until nothing is left to do, checks what there is, and has both read everything once more.
func (w *worldModel) finish() {
	wanted := run.Full
	if w.settings.incremental && !w.byHand && !w.crossing {
		wanted = run.Incremental // what is done here by hand, or in the other base, is found once a day
	}
	rounds := mostRounds
	if w.crossing || w.addressesCross() {
		rounds = mostRoundsCrossing
	}
	quiet := false
	for !quiet && w.rounds <= rounds {
		w.rounds++
		links, writes := w.tables.writes, w.mail.Writes()
		for r := range w.resources {
			w.now = w.now.Add(time.Minute)
			w.cleanRun(r, wanted)
		}
		quiet = links == w.tables.writes && writes == w.mail.Writes()
	}
	if !quiet {
		w.violate("1 settles", "both resources ran %d times, and there is still something to do", w.rounds)
	}
	if rounds == mostRounds && w.rounds > 2 && len(w.unsure) == 0 {
		w.violate("1 next run", "both resources ran once, and there was still something to do")
	}
	w.check()
	w.checkIdle()
}

// checkIdle looks whether full runs find something to do where nothing was left.
func (w *worldModel) checkIdle() {
	writes, from := w.mail.Writes(), len(w.tables.log)
	for r := range w.resources {
		w.cleanRun(r, run.Full)
	}
	if w.mail.Writes() != writes {
		w.violate("1 idle", "a full run finds something to do where another one had nothing left")
	}
	for _, e := range w.tables.log[from:] {
		if e.Action.Writes() {
			w.violate("1 idle", "a full run has %s %s, where another one had nothing left", e.Action, short(e.Address))
		}
	}
}

func (w *worldModel) cleanRun(r int, wanted run.Mode) {
	result, _ := w.replicate(r, wanted, fault{})
	w.tell(fmt.Sprintf("%s run of resource %d: %s", result.Mode, r+1, strings.Join(w.rows(result.ID), ", ")))
	if result.Outcome != run.Succeeded {
		w.violate("1 succeeds", "a run of resource %d, undisturbed, is %s: %v", r+1, result.Outcome, result.Error)
	}
}

// addressesCross reports whether an address that an object wants is that of an account of the other resource.
func (w *worldModel) addressesCross() bool {
	for _, o := range w.objects {
		for _, l := range w.linksAt(o.address) {
			if o.present && l.Resource != o.key().resource {
				return true
			}
		}
	}
	return false
}
