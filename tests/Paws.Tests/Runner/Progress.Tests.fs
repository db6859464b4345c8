module Paws.Tests.Runner.ProgressTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open Spectre.Console
open Paws.Runner.Reporting

/// A clock that moves when told.
type private Clock() =
    inherit TimeProvider()
    member val Now = 0L with get, set

    member this.Pass(seconds: float) =
        this.Now <- this.Now + int64 (seconds * 1000.0)

    override _.TimestampFrequency = 1000L
    override this.GetTimestamp() = this.Now

let private console (interactive: bool) =
    let text = new StringWriter()

    let settings =
        AnsiConsoleSettings(
            Ansi = (if interactive then AnsiSupport.Yes else AnsiSupport.No),
            Interactive =
                (if interactive then
                     InteractionSupport.Yes
                 else
                     InteractionSupport.No),
            Out = AnsiConsoleOutput text
        )

    let console = AnsiConsole.Create settings
    console.Profile.Width <- 160
    console, text

let private parts (loss: float) = [| KeyValuePair("loss", loss); KeyValuePair("me-max", loss / 2.0) |]

[<Tests>]
let progress =
    testList "Runner.Progress" [
        test "piped: a line when it begins, every few seconds, and when it ends" {
            let console, text = console false
            let clock = Clock()

            use view =
                ConsoleProgress.Create(console, Nullable(TimeSpan.FromSeconds 10.0), clock)

            view.Begin("PAWS", 100.0)

            for step in 1..50 do
                clock.Pass 1.0
                view.Update(ProgressReading(float step, 412.4, parts -1.25))

            view.End()

            Expect.sequenceEqual
                (text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
                [
                    "PAWS: begins"
                    "PAWS: 10 %, 412 img/s, loss -1.250 · me-max -0.625, 1:30 left"
                    "PAWS: 20 %, 412 img/s, loss -1.250 · me-max -0.625, 1:20 left"
                    "PAWS: 30 %, 412 img/s, loss -1.250 · me-max -0.625, 1:10 left"
                    "PAWS: 40 %, 412 img/s, loss -1.250 · me-max -0.625, 1:00 left"
                    "PAWS: 50 %, 412 img/s, loss -1.250 · me-max -0.625, 0:50 left"
                    "PAWS: 50 %, 412 img/s, loss -1.250 · me-max -0.625, took 0:50"
                ]
                "lines"
        }

        test "a continued task tells time left by what was done since" {
            Expect.equal (ProgressText.TimeLeft(TimeSpan.FromSeconds 10.0, 50.0, 60.0, 100.0)) (Nullable(TimeSpan.FromSeconds 40.0)) ""
            Expect.isFalse (ProgressText.TimeLeft(TimeSpan.FromSeconds 10.0, 50.0, 50.0, 100.0)).HasValue "nothing done yet"
        }

        test "on a terminal: task, speed, loss parts and notes are drawn, and it ends" {
            let console, text = console true
            use view = ConsoleProgress.Create console
            Expect.isTrue (view :? LiveProgress) "a live view"
            view.Begin("PAWS [x]", 10.0)
            view.Update(ProgressReading(5.0, 300.0, parts -0.5))
            view.Note "a note"
            view.End()
            let drawn = text.ToString()

            for part in [ "PAWS [x]"; "300 img/s"; "loss -0.500"; "me-max -0.250"; "50%"; "a note" ] do
                Expect.stringContains drawn part "drawn"
        }

        test "counts from many threads" {
            let console, text = console false
            use view = ConsoleProgress.Create console

            using (new CountingProgress(view, "reading")) (fun counting ->
                Threading.Tasks.Parallel.For(1, 101, fun i -> counting.Report(i, 100)) |> ignore)

            Expect.stringContains (text.ToString()) "reading: 100 %" ""
        }

        test "nothing to count, nothing shown" {
            let console, text = console false
            use view = ConsoleProgress.Create console
            using (new CountingProgress(view, "reading")) ignore
            Expect.equal (text.ToString()) "" ""
        }

        test "why the loss may be negative" {
            Expect.equal
                (ProgressText.NegativeLoss 10)
                "the loss may be negative: ME-Max adds −H(p̄), down to −log K = -2.30 for 10 classes"
                ""
        }

        test "clock and percent" {
            Expect.equal (ProgressText.Clock(TimeSpan.FromSeconds 3735.0)) "1:02:15" ""
            Expect.equal (ProgressText.Clock(TimeSpan.FromSeconds 187.0)) "3:07" ""
            Expect.equal (ProgressText.Percent(999.0, 1000.0)) 99 "not done yet"
        }
    ]
