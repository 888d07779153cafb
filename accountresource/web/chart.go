package web

import (
	"fmt"
	"math"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// chart shows recent runs as bars, oldest first: how many accounts, of them what, and which runs failed.
type chart struct {
	Width, Height, Base int
	Bars                []bar
	Legend              []string // kinds of parts that are in it, as classes
}

// bar is one run.
type bar struct {
	X, Width int
	Path     string
	Title    string
	Parts    []part
	Top      int  // where the mark of a run that went wrong stands
	Bad      bool // it failed, was interrupted, or some of it failed
	Mark     string
	Chosen   bool
}

// Middle is the middle of the bar.
func (b bar) Middle() int { return b.X + b.Width/2 }

// part is what happened to some accounts of a run.
type part struct {
	Class     string
	Y, Height int
}

const (
	chartHeight = 96
	chartBase   = 88 // where bars stand
	chartTop    = 14 // room for marks
	barStep     = 30
	barWidth    = 22
)

// parts are what the actions are drawn as, from below: a few colours are told apart, eleven are not.
var parts = []struct {
	class   string
	actions []account.Action
}{
	{"new", []account.Action{account.ActionCreated, account.ActionLinked, account.ActionEnabled}},
	{"changed", []account.Action{account.ActionUpdated, account.ActionRenamed}},
	{"removed", []account.Action{account.ActionDisabled, account.ActionDeleted}},
	{"waiting", []account.Action{account.ActionHeld, account.ActionConflict, account.ActionIgnored}},
	{"failed", []account.Action{account.ActionFailed}},
}

// chart draws runs, which are given newest first; nil where there is nothing to compare.
func (r *request) chart(runs []runRow, path string) *chart {
	if len(runs) < 2 {
		return nil
	}
	c := &chart{Width: max(len(runs), chartRuns/2) * barStep, Height: chartHeight, Base: chartBase}
	most := 0
	for i := range runs {
		most = max(most, total(runs[i].Run.Counts))
	}
	for i := range runs {
		of := &runs[len(runs)-1-i]
		b := bar{
			X: i*barStep + (barStep-barWidth)/2, Width: barWidth,
			Path: fmt.Sprintf("%s?run=%d", path, of.ID), Title: r.barTitle(of), Chosen: of.Chosen,
		}
		b.stack(of.Run.Counts, most)
		switch of.Outcome {
		case run.Failed, run.Interrupted, run.Partial:
			b.Bad, b.Mark = true, string(of.Outcome)
		}
		c.Bars = append(c.Bars, b)
	}
	for _, p := range parts {
		if slices.ContainsFunc(c.Bars, func(b bar) bool {
			return slices.ContainsFunc(b.Parts, func(drawn part) bool { return drawn.Class == p.class })
		}) {
			c.Legend = append(c.Legend, p.class)
		}
	}
	return c
}

// stack makes the parts. The first run of a resource is so much greater than all others that the height of a bar is a
// logarithm; within the bar parts are as they are, but seen.
func (b *bar) stack(numbers map[account.Action]int, most int) {
	all := total(numbers)
	room := float64(chartBase - chartTop)
	height := 0.0
	if all > 0 {
		height = max(room*math.Log1p(float64(all))/math.Log1p(float64(most)), 4)
	}
	y := chartBase
	for _, p := range parts {
		n := 0
		for _, a := range p.actions {
			n += numbers[a]
		}
		if n == 0 {
			continue
		}
		h := max(int(math.Round(height*float64(n)/float64(all))), 2)
		y -= h
		b.Parts = append(b.Parts, part{p.class, y, h})
	}
	b.Top = y - 3
}

func total(numbers map[account.Action]int) (n int) {
	for _, m := range numbers {
		n += m
	}
	return n
}

// barTitle is a run in a sentence.
func (r *request) barTitle(of *runRow) string {
	outcome := r.T("card_running")
	if of.Outcome != "" {
		outcome = r.T(fmt.Sprintf("outcome_%s", of.Outcome))
	}
	what := r.T("log_no_change")
	if len(of.Counts) > 0 {
		what = r.countsText(of.Counts)
	}
	return r.FormatTime(of.Started) + ": " + outcome + ". " + what
}
