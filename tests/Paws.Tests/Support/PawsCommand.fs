namespace Paws.Tests

open System
open System.IO
open System.Text.Json.Nodes
open System.Threading
open Expecto
open Paws.Runner
open Paws.Runner.Commands
open Paws.Runner.Training

/// What a command line came to.
type PawsOutcome = {
    Code: int
    Out: string
    Error: string
}

/// The real command line, jobs included, inside the test's process.
[<RequireQualifiedAccess>]
module PawsCommand =

    let private runWith (experiment: Experiment) (stop: CancellationToken) (arguments: string list) =
        let out, error = new StringWriter(), new StringWriter()

        let host =
            CommandHost(
                Jobs = Jobs experiment,
                Experiment = experiment,
                Output = out,
                Error = error,
                Stop = stop,
                CommandLine = String.Join(' ', "paws" :: arguments)
            )

        let code = CommandLine.Run(List.toArray arguments, host)

        {
            Code = code
            Out = out.ToString()
            Error = error.ToString()
        }

    let runUntil stop arguments = runWith null stop arguments

    /// With an objective of one's own.
    let runExperiment experiment arguments =
        runWith experiment CancellationToken.None arguments

    let run arguments =
        runUntil CancellationToken.None arguments

    /// Runs it, expects success, and reads the JSON object of the last line of standard output.
    let runForJson arguments =
        let outcome = run (arguments @ [ "--json" ])
        Expect.equal outcome.Code 0 outcome.Error
        let last = outcome.Out.TrimEnd().Split('\n') |> Array.last
        JsonNode.Parse(last).AsObject()

    /// A mistake of the user's: exit code 2 and one line that holds all parts.
    let expectMistake (parts: string list) arguments =
        let outcome = run arguments
        Expect.equal outcome.Code 2 outcome.Error

        let lines =
            outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            |> Array.filter (fun line -> line.StartsWith "paws: error")

        Expect.hasLength lines 1 outcome.Error

        for part in parts do
            Expect.stringContains lines[0] part "message"
