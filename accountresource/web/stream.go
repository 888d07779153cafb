package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
)

const (
	// mostStreams is how many pages may follow runs in one process; others ask for the status.
	mostStreams = 200
	// streamLife is how long a stream lasts before the page asks anew, through the host's middleware.
	streamLife = 15 * time.Minute
	// heartbeat keeps proxies from closing a silent stream, and notices who went away or is not signed in any more.
	heartbeat = 10 * time.Second
	// writeTime is how long a client may be too slow to take an event or a piece of a download.
	writeTime = 30 * time.Second
	// lookEvery is how often the database is asked while somebody looks.
	lookEvery = time.Second
)

// follow is GET /:id/progress: server-sent events that tell how far the run of a resource is.
func (w *Web) follow(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	return w.stream(r, res.ID)
}

// followAll is GET /progress: the same of all resources, for the page that shows them.
func (w *Web) followAll(r *request) error {
	all, err := w.cfg.Resources.All(r.UserContext())
	if err != nil {
		return err
	}
	return w.stream(r, idsOf(all)...)
}

func idsOf(all []resource.Resource) []int64 {
	ids := make([]int64, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	return ids
}

func (w *Web) stream(r *request, ids ...int64) error {
	f, ok := w.watch.subscribe(mostStreams, ids...)
	if !ok {
		return w.full(errStreams)
	}
	s := &stream{
		web: w, follower: f, localizer: r.localizer, known: strings.Clone(r.Get("Last-Event-ID")), conn: r.Context().Conn(),
		down: r.Context().Done(), asker: r.asker(),
	}
	r.Set(fiber.HeaderContentType, "text/event-stream")
	r.Set(fiber.HeaderCacheControl, "no-store, no-transform")
	r.Set("X-Accel-Buffering", "no")
	r.Context().Response.SetConnectionClose() // what the stream sets on the connection is for nobody else
	r.Context().SetBodyStreamWriter(s.write)
	return nil
}

// stream is one open page. It outlives its request, whose values it must not use any more.
type stream struct {
	*localizer
	web      *Web
	follower *subscriber
	known    string   // the last event that the page has
	conn     net.Conn // of the page
	down     <-chan struct{}
	asker    *asker
}

// write tells the page what is new until it goes away, the server or the module ends, or its time is over.
func (s *stream) write(out *bufio.Writer) {
	w := s.web.watch
	defer w.unsubscribe(s.follower)
	s.web.logProblem(w.life, "follow runs", recovered.Do(func() error {
		s.follow(out)
		return nil
	}))
}

func (s *stream) follow(out *bufio.Writer) {
	w := s.web.watch
	over := time.NewTimer(s.asker.life)
	defer over.Stop()
	beat := time.NewTicker(s.web.heartbeat)
	defer beat.Stop()
	said := make(map[int64]string)
	if s.send(out, "retry: 3000\n\n") != nil {
		return
	}
	for {
		var text string
		select {
		case <-w.life.Done():
			return
		case <-s.down:
			return
		case <-over.C:
			return
		case <-beat.C:
			if !s.asker.stillIn() {
				return
			}
			text = ":\n\n"
		case <-s.follower.news:
			text = s.news(said)
		}
		if text != "" && s.send(out, text) != nil {
			return
		}
	}
}

// send writes at once. A page that does not take it is gone.
func (s *stream) send(out *bufio.Writer, text string) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.web.writeTime)) // a connection without deadlines is as good
	_, _ = out.WriteString(text)                                 // Flush has its error
	return out.Flush()
}

// news are the events of what has changed since they were said; what runs always has.
func (s *stream) news(said map[int64]string) string {
	var all strings.Builder
	for _, p := range s.web.watch.of(s.follower) {
		id := p.eventID()
		if said[p.Resource] == id && !p.Running {
			continue
		}
		if first := said[p.Resource] == ""; first && s.known == id && !p.Running { // the page came back and has it
			said[p.Resource] = id
			continue
		}
		said[p.Resource] = id
		data, err := json.Marshal(s.event(p))
		if err != nil {
			continue // numbers and texts always can be written
		}
		fmt.Fprintf(&all, "id: %s\ndata: %s\n\n", id, data)
	}
	return all.String()
}

// eventID names what there is to tell.
func (p *pulse) eventID() string {
	if p.Run == nil {
		return fmt.Sprintf("%d-0", p.Resource)
	}
	return fmt.Sprintf("%d-%d-%t-%s-%s-%d-%d", p.Resource, p.Run.ID, p.Running, p.Run.Outcome, p.Progress.Phase,
		p.Progress.Objects, p.Progress.Done)
}
