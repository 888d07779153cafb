package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a server that runs as our child, in a process group of its own.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	gone chan struct{} // closed when the child has ended
}

// stopGrace is how long a server may take to end by itself before it is killed.
const stopGrace = 10 * time.Second

// start runs the command with its output in a log file beside the server's data. The kernel kills the child when we
// die, whatever kills us.
func start(name, dir string, credential *syscall.Credential, command string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), gone: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", name, err)
	}
	defer log.Close()
	p.cmd = exec.Command(command, args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: credential}
	started := make(chan error)
	go func() {
		// The parent-death signal belongs to the thread that started the child: it must live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in its log
			close(p.gone)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// errEnded says that a server ended while it was waited for.
var errEnded = errors.New("the server ended")

// await asks until the server answers, ends, or ctx does.
func (p *process) await(ctx context.Context, answers func(context.Context) error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.gone:
			return fmt.Errorf("wait for %s: %w; its log ends with:\n%s", p.name, errEnded, tail(p.log))
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %w; its log ends with:\n%s", p.name, ctx.Err(), err, tail(p.log))
		case <-tick.C:
		}
	}
}

// stop ends the server and all that it started, by force when it does not end by itself.
func (p *process) stop() {
	_ = syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(stopGrace):
	}
	// Whatever is left of the group, and the child itself if it would not end.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.gone
}

// run runs a command to its end; its output is part of the error.
func run(ctx context.Context, dir string, credential *syscall.Credential, command string, args ...string) error {
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w:\n%s", filepath.Base(command), err, out)
	}
	return nil
}

func tail(file string) string {
	const most = 4000
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
