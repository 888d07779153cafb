// Command run starts the servers that the integration tests need, runs a command that finds them through its
// environment, and stops them again:
//
//	go run ./integration_test/servers/run -- go test -tags integration ./...
//
// It ends with the command's exit code.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/mailpanel/account-resource/integration_test/servers"
)

func main() {
	runtime.LockOSThread() // the command dies with this thread: see attributes
	durable := flag.Bool("durable", false, "let the databases wait for the disk, as they do in service")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: run [-durable] -- command [argument...]")
		os.Exit(2)
	}
	code, err := execute(*durable, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
	}
	os.Exit(code)
}

// execute returns the command's exit code, or 1 where it could not run or the servers could not.
func execute(durable bool, command []string) (code int, err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	began := time.Now()
	set, err := servers.Start(ctx, durable)
	if err != nil {
		return 1, err
	}
	defer func() {
		if stopped := set.Stop(); stopped != nil {
			code, err = max(code, 1), errors.Join(err, stopped)
		}
	}()
	fmt.Fprintf(os.Stderr, "servers: ready after %.1f s\n", time.Since(began).Seconds())
	return child(ctx, command, set.Environ())
}

// child runs the command in a process group of its own. When we are told to end, the whole group is.
func child(ctx context.Context, command, environ []string) (int, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), environ...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 15 * time.Second
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what the command left behind
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, fmt.Errorf("run %s: %w", command[0], err)
	}
	return 0, nil
}
