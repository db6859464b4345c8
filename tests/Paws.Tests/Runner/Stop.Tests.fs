module Paws.Tests.Runner.StopTests

open System
open System.IO
open System.Threading
open Expecto
open Paws.Runner.Config
open Paws.Tests


/// A run of many steps.
let private longRun name =
    TinyRun.onShapes 5000 name [ "finetune.epochs=0"; "data.workers=1"; "evaluation.every_epochs=0" ]
    @ [ "--no-baseline" ]

let private metrics folder name =
    FileInfo(Path.Combine(folder, name, "metrics.jsonl"))

let private trains (folder: string) name () =
    let file = metrics folder name
    file.Exists && file.Length > 0L

let private linesOf (text: string) (start: string) =
    text.Split('\n') |> Array.filter (fun line -> line.StartsWith start)

/// The process that holds the lock of a run directory.
let private ownerOf directory =
    match RunClaim.IsTaken directory with
    | true, words ->
        let after = words.IndexOf "process " + 8
        Some(int (words.Substring(after, words.IndexOf(" on ", after) - after)))
    | _ -> None

let private untilGone (id: int) name =
    let clock = Diagnostics.Stopwatch.StartNew()

    while Signal.isAlive id && clock.Elapsed.TotalSeconds < 60.0 do
        Thread.Sleep 20

    Expect.isFalse (Signal.isAlive id) $"{name}: process {id} has ended"

/// Each signal, with the name of its run and the exit code, to a run of its own, and an echo of it.
let private savesOn (cases: (string * int * int) list) =
    Needs.signals ()

    use scratch = new ScratchFolder()

    let started = [
        for name, signal, code in cases -> name, signal, code, PawsProcess.Start(scratch.Path, longRun name)
    ]

    for name, signal, _, run in started do
        run.Until("metrics", trains scratch.Path name)
        Signal.send run.Id signal
        run.UntilOrEnd(fun () -> run.Error.Contains "stopping")
        // As from a group and a parent at once. It may have ended meanwhile.
        Signal.trySend run.Id Signal.terminate

    for name, _, code, run in started do
        Expect.equal (run.Finish()) code $"{name}: {run.Error}"
        Expect.isTrue (File.Exists(scratch.File $"{name}/checkpoint.safetensors")) $"{name} has saved"
        Expect.hasLength (linesOf run.Error "paws: stopping after this step and saving; again to end at once") 1 name
        Expect.stringContains run.Error "paws: stopped; saved" name
        Expect.isFalse (File.Exists(scratch.File $"{name}/.lock")) name
        (run :> IDisposable).Dispose()

[<Tests>]
let tests =
    testSequenced
    <| testList "Runner.Stop" [
        // SIGINT: below, with paws repro and with ranks.
        test "each signal saves a run, says so, and is told by the exit code; an echo of it does no harm" {
            savesOn [ "term", Signal.terminate, 143; "usr1", Signal.user, 138 ]
        }

        test "so does a terminal that is closed" {
            Needs.hangUp ()
            savesOn [ "hup", Signal.hangUp, 129 ]
        }

        test "two runs that start together without a name get a directory each" {
            Needs.signals ()

            use scratch = new ScratchFolder()

            let start () =
                PawsProcess.Start(scratch.Path, longRun "x" |> List.filter (fun word -> word <> "--out" && word <> "x"))

            let owners () =
                if Directory.Exists(scratch.File "runs") then
                    Directory.GetDirectories(scratch.File "runs")
                    |> Array.filter (fun run -> File.Exists(Path.Combine(run, "config.yaml")))
                    |> Array.choose ownerOf
                    |> Array.sort
                else
                    [||]

            use one = start ()
            use two = start ()
            let both = Array.sort [| one.Id; two.Id |]

            for run in [ one; two ] do
                run.Until("two runs", (fun () -> owners () = both))

            for run in [ one; two ] do
                Signal.send run.Id Signal.terminate
                Expect.equal (run.Finish()) 143 run.Error
        }

        test "writing a data set is stopped within a moment and leaves nothing; what a killed one left goes with the next" {
            Needs.signals ()

            use scratch = new ScratchFolder()

            let half () =
                Directory.GetDirectories(scratch.Path, "big.*.tmp")

            let start () =
                PawsProcess.Start(scratch.Path, [ "data"; "make"; "big"; "--train"; "400000"; "--test"; "10" ])

            let writes () =
                half ()
                |> Array.exists (fun folder -> Directory.Exists(Path.Combine(folder, "train")))

            use killed = start ()
            killed.Until("images", writes)
            Signal.send killed.Id Signal.kill
            killed.Finish() |> ignore
            Expect.hasLength (half ()) 1 "a killed process cleans nothing up"
            let left = (half ())[0]
            use stopped = start ()
            stopped.Until("images of its own", (fun () -> half () |> Array.exists (fun folder -> folder <> left) && writes ()))
            Expect.isFalse (Directory.Exists left) "the leftover"
            Signal.send stopped.Id Signal.terminate
            Expect.equal (stopped.Finish()) 143 stopped.Error
            Expect.isEmpty (Directory.GetFileSystemEntries(scratch.Path, "big*")) "nothing half made"
            Expect.stringContains stopped.Error "paws: stopping; again to end at once" "said"
            Expect.stringContains stopped.Error "paws: stopped; nothing was left half made" "said"
        }

        test "who waits for the cache says for what and for whom, and heeds signals" {
            Needs.signals ()

            Needs.interrupt ()

            use scratch = new ScratchFolder()
            let data = scratch.File "data"
            Expect.equal (PawsCommand.run [ "data"; "make"; data; "--train"; "40"; "--test"; "10" ]).Code 0 "data"
            // The lock's name is the cache's.
            use first = PawsProcess.Start(scratch.Path, [ "data"; "convert"; data ])
            Expect.equal (first.Finish()) 0 first.Error

            for image in Directory.GetFiles(data, "*.png", SearchOption.AllDirectories) do
                File.SetLastWriteTimeUtc(image, DateTime.UtcNow.AddHours 1.0)

            let path =
                Directory.GetFiles(scratch.File "cache/paws", "*.lock") |> Array.exactlyOne

            let mutable holder = null
            use _ = Paws.Data.LockFile.TryTake(path, &holder, FileMode.OpenOrCreate, true)

            let verbs = [
                [ "train"; "--data"; data; "--labels"; "20"; "--out"; "run" ], Signal.terminate, 143
                [ "data"; "check"; data ], Signal.interrupt, 130
            ]

            let started = [
                for words, signal, code in verbs -> words, signal, code, PawsProcess.Start(scratch.Path, words)
            ]

            for _, signal, code, waiting in started do
                waiting.Until("a word", (fun () -> waiting.Error.Contains "waiting for the cache"))
                Expect.stringContains waiting.Error path "for what"
                Expect.stringContains waiting.Error $"process {Environment.ProcessId} on {Environment.MachineName}" "for whom"
                Signal.send waiting.Id signal
                Expect.equal (waiting.Finish()) code waiting.Error
                (waiting :> IDisposable).Dispose()

            Expect.isFalse (Directory.Exists(scratch.File "run")) "no run directory of a run that has not begun"
        }

        test "Ctrl-C to all of a terminal's processes saves the trainings of paws repro; a killed paws repro leaves none behind" {
            Needs.signals ()

            Needs.interrupt ()
            Needs.setsid ()

            use scratch = new ScratchFolder()

            let start work =
                let repro = [
                    "repro"
                    "table6"
                    "--scale"
                    "smoke"
                    "--seeds"
                    "1"
                    "--jobs"
                    "1"
                    "--out"
                    "out"
                    "--work"
                    work
                ]

                new PawsProcess([], scratch.Path, [ "setsid" ] @ PawsProcess.Program @ repro)

            let owner work () =
                let folder = Path.Combine(scratch.File work, "smoke")

                if Directory.Exists folder then
                    Directory.GetDirectories folder
                    |> Array.filter (fun run -> trains folder (Path.GetFileName run) ())
                    |> Array.tryPick ownerOf
                else
                    None

            let log work =
                Directory.GetFiles(Path.Combine(scratch.File work, "smoke"), "*.log")
                |> Array.map File.ReadAllText
                |> String.concat ""

            for work, target, signal, code in [ "asked", -1, Signal.interrupt, Some 130; "killed", 1, Signal.kill, None ] do
                use repro = start work
                let mutable child = None

                repro.Until(
                    "a training",
                    fun () ->
                        child <- owner work ()
                        child.IsSome
                )

                Expect.notEqual child.Value repro.Id "a process of its own"
                Signal.send (target * repro.Id) signal
                let ended = repro.Finish()

                if code.IsSome then
                    Expect.equal ended code.Value repro.Error

                untilGone child.Value work

                if code.IsSome then
                    Expect.stringContains (log work) "paws: stopped; saved" work
                    Expect.hasLength (linesOf (log work) "paws: stopping") 1 "one polite signal"

                Expect.isNonEmpty (Directory.GetFiles(scratch.File work, "checkpoint.safetensors", SearchOption.AllDirectories)) work
        }

        test "ranks that --nproc started save when it is stopped, and end when it is killed" {
            Needs.signals ()

            Needs.interrupt ()

            use scratch = new ScratchFolder()
            // What mpirun does with one rank: starts it, passes SIGUSR1 on, ends with its code.
            let mpirun =
                scratch.Write(
                    "mpirun",
                    "#!/bin/bash\nwhile [ \"$1\" != -n ]; do shift; done; shift 2\n"
                    + "\"$@\" & rank=$!\ntrap 'kill -USR1 $rank' USR1\n"
                    + "while :; do wait $rank; code=$?; kill -0 $rank 2>/dev/null || exit $code; done\n"
                )

            File.SetUnixFileMode(mpirun, UnixFileMode.UserRead ||| UnixFileMode.UserExecute)

            let path =
                scratch.Path
                + string Path.PathSeparator
                + Environment.GetEnvironmentVariable "PATH"

            for name, signal, code in [ "asked", Signal.interrupt, Some 130; "killed", Signal.kill, None ] do
                use job =
                    new PawsProcess([ "PATH", path ], scratch.Path, PawsProcess.Program @ longRun name @ [ "--nproc"; "2" ])

                job.Until("metrics", trains scratch.Path name)
                let rank = (ownerOf (scratch.File name)).Value
                Expect.notEqual rank job.Id "a process of its own"
                Signal.send job.Id signal
                let ended = job.Finish()
                untilGone rank name
                Expect.isTrue (File.Exists(scratch.File $"{name}/checkpoint.safetensors")) $"{name} has saved"

                if code.IsSome then
                    Expect.equal ended code.Value job.Error
                    Expect.stringContains job.Error "paws: stopped; saved" name
        }

        test "a home that cannot be written does not keep anybody from work, and a folder for the cache can be named" {
            Needs.signals ()

            use scratch = new ScratchFolder()
            let data = scratch.File "data"
            Expect.equal (PawsCommand.run [ "data"; "make"; data; "--train"; "40"; "--test"; "10" ]).Code 0 "data"

            let check environment =
                use run =
                    new PawsProcess(("XDG_CACHE_HOME", null) :: environment, scratch.Path, PawsProcess.Program @ [ "data"; "check"; data ])

                Expect.equal (run.Finish()) 0 run.Error
                Expect.stringContains run.Out "Every image can be read" "read"
                run.Error

            let unwritable = check [ "HOME", "/proc" ]
            Expect.stringContains unwritable "cannot be written" "said"
            Expect.stringContains unwritable "PAWS_CACHE=DIR" "what to do"
            Expect.stringContains (check [ "HOME", scratch.File "nowhere" ]) "no home folder" "said"
            Expect.equal (check [ "HOME", "/proc"; "PAWS_CACHE", "off" ]) "" "as asked"
            Expect.equal (check [ "HOME", "/proc"; "PAWS_CACHE", scratch.File "mine" ]) "" "as asked"
            Expect.hasLength (Directory.GetFiles(scratch.File "mine", "*.images")) 1 "there it is"
            Expect.isFalse (Directory.Exists(scratch.File ".cache")) "nothing strays into the current folder"
        }

        test "a bad image met in training: saved, and the advised command goes on without it" {
            use scratch = new ScratchFolder()
            let data = scratch.File "data"
            Expect.equal (PawsCommand.run [ "data"; "make"; data; "--train"; "40"; "--test"; "10" ]).Code 0 "data"

            let image =
                Directory.GetFiles(Path.Combine(data, "train"), "*.png", SearchOption.AllDirectories)
                |> Array.sort
                |> Array.last

            File.WriteAllBytes(image, (File.ReadAllBytes image)[..300])

            let code, error =
                use run =
                    new PawsProcess(
                        [
                            "XDG_CACHE_HOME", scratch.File "cache"
                            "PAWS_CACHE_LIMIT", "1000" // decoded when they are needed
                        ],
                        scratch.Path,
                        PawsProcess.Program
                        @ TinyRun.train 2 20 "run" [ "finetune.epochs=0"; "data.workers=1" ]
                        @ [ "--data"; data; "--no-baseline" ]
                    )

                run.Finish(), run.Error

            Expect.equal code 2 error
            Expect.stringContains error image "which"
            Expect.stringContains error "the run is saved" "saved"
            Expect.stringContains error "--resume --skip-bad-images" "what to do"
            Expect.isTrue (File.Exists(scratch.File "run/checkpoint.safetensors")) "saved"
            let out = scratch.File "run"
            let saved = PawsCommand.run [ "train"; "--out"; out; "--resume" ]
            Expect.equal saved.Code 2 saved.Error
            Expect.stringContains saved.Error "--resume --skip-bad-images" "also where it is found when the data is opened"

            let resumed =
                PawsCommand.run [ "train"; "--out"; out; "--resume"; "--skip-bad-images" ]

            Expect.equal resumed.Code 0 resumed.Error
            Expect.stringContains resumed.Out "another image of its class takes its place" "said"
            Expect.hasLength (File.ReadAllLines(scratch.File "run/skipped.txt")) 1 "recorded"
            Expect.stringContains (File.ReadAllText(scratch.File "run/result.json")) "\"skipped_images\": 1" "counted"
            let again = PawsCommand.run [ "eval"; out ]
            Expect.equal again.Code 0 again.Error
        }
    ]
