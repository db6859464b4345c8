namespace Paws.Tests

open System
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices
open System.Text
open System.Threading
open Expecto

/// Signals by their numbers on Linux.
[<RequireQualifiedAccess>]
module Signal =

    [<DllImport("libc", EntryPoint = "kill")>]
    extern int private sendTo(int id, int number)

    let hangUp, interrupt, kill, user, terminate = 1, 2, 9, 10, 15

    /// To a process, or with a negative id to its group.
    let send (id: int) number =
        Expect.equal (sendTo (id, number)) 0 $"signal {number} is sent"

    /// The same to one that may have ended.
    let trySend (id: int) number = sendTo (id, number) |> ignore

    let isAlive (id: int) =
        File.Exists $"/proc/{id}/stat"
        && not (File.ReadAllText($"/proc/{id}/stat").Contains ") Z ")

/// The built program as a process of its own, its output read as it comes.
type PawsProcess(environment: (string * string) list, folder: string, words: string list) =
    let out, error = StringBuilder(), StringBuilder()

    let started =
        let info =
            ProcessStartInfo(
                List.head words,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
                WorkingDirectory = folder
            )

        for word in List.tail words do
            info.ArgumentList.Add word

        for name, value in ("OMP_NUM_THREADS", "1") :: ("TERM", "dumb") :: environment do
            if isNull value then
                info.Environment.Remove name |> ignore
            else
                info.Environment[name] <- value

        let started = new Process(StartInfo = info)

        let take (text: StringBuilder) (line: DataReceivedEventArgs) =
            if not (isNull line.Data) then
                lock text (fun () -> text.AppendLine line.Data |> ignore)

        started.OutputDataReceived.Add(take out)
        started.ErrorDataReceived.Add(take error)
        started.Start() |> ignore
        started.BeginOutputReadLine()
        started.BeginErrorReadLine()
        started

    /// The words that start the program.
    static member Program = [ "dotnet"; Path.Combine(AppContext.BaseDirectory, "paws.dll") ]

    /// In a folder, with its cache there.
    static member Start(folder: string, arguments: string list) =
        new PawsProcess([ "XDG_CACHE_HOME", Path.Combine(folder, "cache") ], folder, PawsProcess.Program @ arguments)

    member _.Id = started.Id
    member _.Out = lock out (fun () -> out.ToString())
    member _.Error = lock error (fun () -> error.ToString())

    /// Waits for something to be true while it runs.
    member this.Until(what: string, condition: unit -> bool) =
        let clock = Stopwatch.StartNew()

        while not (condition ()) do
            if started.HasExited then
                failtest $"ended with {started.ExitCode} before {what}: {this.Error}{this.Out}"

            if clock.Elapsed.TotalSeconds > 90.0 then
                failtest $"no {what} within 90 s: {this.Error}"

            Thread.Sleep 20

    /// Waits for something to be true, or for its end.
    member this.UntilOrEnd(condition: unit -> bool) =
        let clock = Stopwatch.StartNew()

        while not (started.HasExited || condition ()) do
            if clock.Elapsed.TotalSeconds > 90.0 then
                failtest $"neither within 90 s: {this.Error}"

            Thread.Sleep 5

    /// Exit code, once it has ended.
    member this.Finish() =
        if not (started.WaitForExit(TimeSpan.FromSeconds 90.0)) then
            failtest $"still running: {this.Error}"

        started.WaitForExit() // and all it had to say
        started.ExitCode

    interface IDisposable with
        member _.Dispose() =
            if not started.HasExited then
                started.Kill(entireProcessTree = true)

            started.Dispose()
