namespace Paws.Tests

open System
open System.Diagnostics
open System.IO
open Expecto
open Paws.Runner.Parallel
open Paws.Runner.Parallel.Mpi

/// What some tests need and a machine with nothing but the .NET SDK lacks. A test asks first; where it is not there, the test is
/// skipped, never failed, with the reason in words.
[<RequireQualifiedAccess>]
module Needs =

    let private orSkip (lacking: string option) =
        lacking |> Option.iter (fun reason -> skiptest reason)

    let private says (program: string) (argument: string) =
        let info =
            ProcessStartInfo(program, argument, RedirectStandardOutput = true, RedirectStandardError = true)

        use started = Process.Start info
        let error = started.StandardError.ReadToEndAsync()
        let out = started.StandardOutput.ReadToEnd()
        started.WaitForExit()
        out + error.Result

    /// Why no ranks can be started here; looked for once.
    let private noOpenMpi =
        lazy
            (match LocalRanks.Find "mpirun" with
             | null -> Some "needs mpirun of Open MPI, which is not on the PATH"
             | mpirun when not ((says mpirun "--version").Contains "Open MPI") ->
                 Some $"needs mpirun of Open MPI, and {mpirun} is another's"
             | _ ->
                 let mutable why = ""

                 match MpiLibrary.TryLoad &why with
                 | null -> Some $"needs Open MPI's library: {why}"
                 | _ -> None)

    /// Ranks started by mpirun.
    let openMpi () = orSkip noOpenMpi.Value

    /// The processes of this machine as files.
    let processFiles () =
        orSkip (
            if File.Exists "/proc/self/stat" then
                None
            else
                Some "needs /proc, to find a process's children"
        )

    /// A signal that is heeded: whoever starts a process may make it and its children deaf to it.
    let private heeds (signal: int) reason =
        let bit = 1UL <<< (signal - 1)

        let isDeaf =
            File.Exists "/proc/self/status"
            && File.ReadLines "/proc/self/status"
               |> Seq.exists (fun line ->
                   line.StartsWith "SigIgn:"
                   && (Convert.ToUInt64(line[7..].Trim(), 16) &&& bit) <> 0UL)

        orSkip (if isDeaf then Some reason else None)

    /// SIGHUP that is heeded.
    let hangUp () =
        heeds 1 "needs SIGHUP, which whoever started the tests ignores, as nohup does"

    /// SIGINT that is heeded.
    let interrupt () =
        heeds 2 "needs SIGINT, which whoever started the tests ignores, as a shell does for work in the background"

    /// Signals by Linux's numbers, and processes as files.
    let signals () =
        orSkip (
            if OperatingSystem.IsLinux() then
                None
            else
                Some "needs Linux, whose signals and /proc it uses"
        )

    /// A program that starts another one in a session of its own.
    let setsid () =
        orSkip (
            if isNull (LocalRanks.Find "setsid") then
                Some "needs setsid, which is not on the PATH"
            else
                None
        )

    /// More time than everybody's tests have: who sets the variable has it.
    let time (variable: string) howLong =
        orSkip (
            if String.IsNullOrEmpty(Environment.GetEnvironmentVariable variable) then
                Some $"needs {howLong}: set {variable}=1"
            else
                None
        )

    /// Linux's device that is always full.
    let fullDevice () =
        orSkip (
            if File.Exists "/dev/full" then
                None
            else
                Some "needs /dev/full"
        )

    /// File names that differ in case alone.
    let caseOfFileNames () =
        use folder = new DataFolder()
        File.WriteAllText(folder.File "a", "")

        orSkip (
            if File.Exists(folder.File "A") then
                Some "needs a file system that minds the case of names"
            else
                None
        )
