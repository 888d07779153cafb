package web

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// pulse is how a resource stands at a moment.
type pulse struct {
	Resource int64
	Run      *run.Run // the newest; nil before the first
	Running  bool
	Progress run.Progress // of that run; zero before it has said so
	Taken    time.Time
}

// pulses asks how resources stand: one statement while nothing runs.
func (w *Web) pulses(ctx context.Context, before map[int64]pulse, ids []int64) (map[int64]pulse, error) {
	latest, err := w.cfg.History.Latest(ctx, ids...)
	if err != nil {
		return nil, err
	}
	now := make(map[int64]pulse, len(ids))
	for _, id := range ids {
		p := pulse{Resource: id, Taken: time.Now()}
		newest, ran := latest[id]
		if ran {
			p.Run = &newest
		}
		if ran && newest.Finished.IsZero() || before[id].Running { // a run that has ended may hold its lease for a moment
			if err := w.feel(ctx, &p); err != nil {
				return nil, err
			}
		}
		now[id] = p
	}
	return now, nil
}

// feel asks whether a run is going on, and how far it is.
func (w *Web) feel(ctx context.Context, p *pulse) (err error) {
	if p.Running, err = w.cfg.Operations.Running(ctx, p.Resource); err != nil || !p.Running || p.Run == nil {
		return err
	}
	progress, found, err := w.cfg.History.ProgressOf(ctx, p.Resource)
	if err == nil && found && progress.Run == p.Run.ID {
		p.Progress = progress
	}
	return err
}

// pulse is how a resource stands now, for a page.
func (w *Web) pulse(ctx context.Context, id int64, newest *run.Run) (pulse, error) {
	p := pulse{Resource: id, Run: newest, Taken: time.Now()}
	return p, w.feel(ctx, &p)
}

// elapsed is how long the run has been going on.
func (p *pulse) elapsed() time.Duration {
	if p.Run == nil {
		return 0
	}
	return max(p.Taken.Sub(p.Run.Started), 0)
}

// fraction is how much of the run is done, from 0 to 1; known is false where nobody can tell. It is the smaller one of
// what is read and what is written: a run is as far as the part that is behind.
func (p *pulse) fraction() (part float64, known bool) {
	g := &p.Progress
	read := 1.0
	switch g.Phase {
	case run.Users, run.Groups:
		if g.Expected == 0 {
			return 0, false
		}
		read = min(float64(g.Objects)/float64(g.Expected), 1)
	case run.Writing:
		if g.Planned == 0 {
			return 0, false
		}
	default:
		return 0, false
	}
	if g.Planned == 0 {
		return read, true
	}
	planned := float64(g.Planned) // so far; more come with what is still to be read
	if read > 0 {
		planned /= read
	}
	return min(read, float64(g.Done)/planned), true
}

// soonest is how long a run is watched before its end is guessed.
const soonest = 3 * time.Second

// left is how long the run will still take, as far as can be told.
func (p *pulse) left() (d time.Duration, known bool) {
	part, known := p.fraction()
	elapsed := p.elapsed()
	if !known || part < 0.02 || elapsed < soonest {
		return 0, false
	}
	return time.Duration(float64(elapsed) * (1 - part) / part).Round(time.Second), true
}

// liveView is the part of a card and of the log page that shows a run while it goes on.
type liveView struct {
	*localizer
	pulse
	Base, Token string
	// Back says which page a button leads back to.
	Back string
}

// PhaseText is what the run is doing.
func (v liveView) PhaseText() string {
	switch {
	case v.Progress.Cancelled:
		return v.T("live_cancelling")
	case v.Progress.Phase == "":
		return v.T("live_begins")
	}
	return v.T(fmt.Sprintf("phase_%s", v.Progress.Phase))
}

// ObjectsText is how much of the directory is read.
func (v liveView) ObjectsText() string {
	g := v.Progress
	switch {
	case g.Phase == "" || g.Objects == 0:
		return "–"
	case g.Expected > g.Objects && (g.Phase == run.Users || g.Phase == run.Groups):
		return v.T("live_of_about", "N", v.Number(g.Objects), "Of", v.Number(g.Expected))
	}
	return v.Number(g.Objects)
}

// DoneText is how many accounts are done.
func (v liveView) DoneText() string {
	g := v.Progress
	switch {
	case g.Planned == 0:
		return "–"
	case g.Phase == run.Writing:
		return v.T("live_of", "N", v.Number(g.Done), "Of", v.Number(g.Planned))
	}
	return v.T("live_of_so_far", "N", v.Number(g.Done), "Of", v.Number(g.Planned))
}

// ElapsedText is how long the run has been going on.
func (v liveView) ElapsedText() string { return v.clock(v.elapsed()) }

// LeftText is how long it will take.
func (v liveView) LeftText() string {
	left, known := v.left()
	if !known {
		return "–"
	}
	return v.T("live_about", "Time", v.clock(left))
}

// clock writes a time that runs: its width hardly changes.
func (s *localizer) clock(d time.Duration) string {
	seconds := int(d.Round(time.Second).Seconds())
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// CountsText is what has happened so far.
func (v liveView) CountsText() string {
	if v.Run == nil {
		return "–"
	}
	return v.countsText(counts(v.Run))
}

// countsText is a list of numbers; a dash for none.
func (s *localizer) countsText(all []count) string {
	text := ""
	for _, c := range all {
		if text != "" {
			text += ", "
		}
		text += s.T(fmt.Sprintf("action_%s", c.Action)) + " " + s.Number(c.N)
	}
	if text == "" {
		return "–"
	}
	return text
}

// Percent is how much is done; -1 where nobody can tell.
func (v liveView) Percent() int {
	part, known := v.fraction()
	if !known {
		return -1
	}
	return int(math.Floor(part * 100))
}

// EndText says how the newest run ended.
func (v liveView) EndText() string {
	if v.Running || v.Run == nil || v.Run.Outcome == "" {
		return ""
	}
	return v.T("live_ended", "Outcome", v.T(fmt.Sprintf("outcome_%s", v.Run.Outcome)))
}

// event is what the stream tells, numbers for whoever watches and texts for the page.
type event struct {
	Resource  int64          `json:"resource"`
	Running   bool           `json:"running"`
	Run       *int64         `json:"run"`
	Mode      string         `json:"mode"`
	Phase     string         `json:"phase"`
	Server    string         `json:"server"`
	Objects   int            `json:"objects"`
	Expected  int            `json:"expected"`
	Planned   int            `json:"planned"`
	Done      int            `json:"done"`
	Counts    map[string]int `json:"counts"`
	Elapsed   int            `json:"elapsed"`
	Left      *int           `json:"left"`
	Percent   *int           `json:"percent"`
	Cancelled bool           `json:"cancelled"`
	Outcome   string         `json:"outcome"`
	Text      eventTexts     `json:"text"`
}

type eventTexts struct {
	Phase   string `json:"phase"`
	Mode    string `json:"mode"`
	Objects string `json:"objects"`
	Done    string `json:"done"`
	Counts  string `json:"counts"`
	Elapsed string `json:"elapsed"`
	Left    string `json:"left"`
	End     string `json:"end"`
}

func (s *localizer) event(p pulse) event {
	v := liveView{localizer: s, pulse: p}
	e := event{
		Resource: p.Resource, Running: p.Running, Counts: map[string]int{},
		Text: eventTexts{End: v.EndText()},
	}
	if p.Run == nil {
		return e
	}
	e.Run, e.Mode, e.Outcome = &p.Run.ID, string(p.Run.Mode), string(p.Run.Outcome)
	for _, a := range account.Actions() {
		if n := p.Run.Counts[a]; n > 0 {
			e.Counts[statusName(a)] = n
		}
	}
	if !p.Running {
		return e
	}
	g := p.Progress
	e.Phase, e.Server, e.Cancelled = v.PhaseText(), g.Server, g.Cancelled
	e.Objects, e.Expected, e.Planned, e.Done = g.Objects, g.Expected, g.Planned, g.Done
	e.Elapsed = int(p.elapsed().Seconds())
	if left, known := p.left(); known {
		seconds := int(left.Seconds())
		e.Left = &seconds
	}
	if percent := v.Percent(); percent >= 0 {
		e.Percent = &percent
	}
	e.Text.Phase, e.Text.Mode, e.Text.Objects, e.Text.Done = v.PhaseText(), v.T(fmt.Sprintf("mode_%s", e.Mode)), v.ObjectsText(), v.DoneText()
	e.Text.Counts, e.Text.Elapsed, e.Text.Left = v.CountsText(), v.ElapsedText(), v.LeftText()
	return e
}
