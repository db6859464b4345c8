module Paws.Tests.Runner.RunClaimTests

open System
open System.IO
open Expecto
open Paws.Runner
open Paws.Runner.Config
open Paws.Tests
open Paws.Tests.CheckpointFiles

let private config = DatasetDefaults.Resolve(ConfigLoader.Load(preset = "quick"))

let private take directory =
    RunClaim.Take(directory, false, config, false)

let private takeAny directory =
    RunClaim.Take(directory, false, config, true)

let private lockOf directory =
    Path.Combine(directory, RunClaim.LockName)

[<Tests>]
let tests =
    testList "Runner.RunClaim" [
        test "a directory has one owner at a time, and the second is told who" {
            use folder = new ScratchFolder()
            let directory = folder.File "run"

            do
                use claim = take directory
                Expect.equal claim.Directory directory "where"
                let refused = userError (fun () -> (take directory).Dispose())
                Expect.stringContains refused "is in use by process" "held"
                Expect.stringContains refused $"{Environment.ProcessId} on {Environment.MachineName} since" "by whom"
                Expect.stringContains refused "--out" "what to do"
                let taken, words = RunClaim.IsTaken directory
                Expect.isTrue taken words

            Expect.isFalse (fst (RunClaim.IsTaken directory)) "free again"
            (take directory).Dispose()
        }

        test "a directory into which nothing was written goes with its claim, and those made above it" {
            use folder = new ScratchFolder()
            let directory = folder.File "a/b/run"
            (take directory).Dispose()
            Expect.isFalse (Directory.Exists(folder.File "a")) "nothing is left behind"

            do
                use claim = take directory
                File.WriteAllText(Path.Combine(claim.Directory, "config.yaml"), "")

            Expect.equal (Directory.GetFiles directory) [| Path.Combine(directory, "config.yaml") |] "what was written stays, the lock goes"
        }

        test "a name that nobody asked for is never taken twice" {
            use folder = new ScratchFolder()
            let directory = folder.File "runs/x"
            let claims = Array.Parallel.init 4 (fun _ -> takeAny directory)

            let names =
                claims |> Array.map (fun c -> Path.GetFileName c.Directory) |> Array.sort

            Expect.equal names [| "x"; "x-2"; "x-3"; "x-4" |] "each its own"

            for claim in claims do
                RunDirectory.Create(claim.Directory, config)
                claim.Dispose()

            use fifth = takeAny directory
            Expect.equal (Path.GetFileName fifth.Directory) "x-5" "nor one that holds a run"
        }

        test "a run does not go into a folder with other things in it" {
            use folder = new ScratchFolder()
            folder.Write("labels.txt", "mine") |> ignore
            let refused = userError (fun () -> (take folder.Path).Dispose())
            Expect.stringContains refused "holds other things (labels.txt)" "what"
            Expect.stringContains refused "--out" "what to do"
            Expect.equal (File.ReadAllText(folder.File "labels.txt")) "mine" "untouched"
            PawsCommand.expectMistake [ "holds other things" ] (TinyRun.onShapes 1 folder.Path [])
            Expect.equal folder.Names [ "labels.txt" ] "nothing was added"
        }

        test "what an earlier start left is no obstacle, and is cleared away" {
            use folder = new ScratchFolder()
            let aside = folder.Write("config.yaml.999999-0123abcd.part", "half")
            let older = folder.Write("config.yaml.part", "half")
            folder.Write(RunClaim.LockName, "") |> ignore
            use _ = take folder.Path
            Expect.isFalse (File.Exists aside || File.Exists older) "cleared"
        }

        test "a lock of a process that was killed is taken over" {
            use folder = new ScratchFolder()

            for host in [ Environment.MachineName; "elsewhere" ] do
                folder.Write(RunClaim.LockName, $"{host} 999999 2026-01-31T17:59:59.0000000+00:00 x")
                |> ignore

                use claim = take folder.Path
                Expect.stringContains claim.LeftBy $"process 999999 on {host}" "who left it"
        }

        test "parts of dead writers are removed when the file is written again, those of the living are not" {
            use folder = new ScratchFolder()
            let dead = folder.Write("a.999999-0123abcd.part", "x")
            File.SetLastWriteTimeUtc(dead, DateTime.UtcNow.AddDays -1.0)
            let living = folder.Write("a.1-0123abcd.part", "x")
            let other = folder.Write("b.a.part", "somebody's own")
            AtomicFile.WriteAllText(folder.File "a", "new")
            Expect.isFalse (File.Exists dead) "dead"
            Expect.isTrue (File.Exists living) "living"
            Expect.isTrue (File.Exists other) "another file"
        }

        test "a second continuation is refused while the first runs, and labels.txt comes back" {
            use folder = new ScratchFolder()
            let out = folder.File "run"

            let first =
                PawsCommand.runUntil (Threading.CancellationToken true) (TinyRun.onShapes 2 out [])

            Expect.equal first.Code 130 first.Error
            Expect.stringContains first.Error $"--resume --out {out}" "how to go on"
            let labels = File.ReadAllText(Path.Combine(out, "labels.txt"))
            File.Delete(Path.Combine(out, "labels.txt"))

            do
                use _ = RunClaim.Take(out, true, RunDirectory.ReadConfig out, false)
                PawsCommand.expectMistake [ "in use by process"; string Environment.ProcessId ] [ "train"; "--out"; out; "--resume" ]

            let second = PawsCommand.run [ "train"; "--out"; out; "--resume" ]
            Expect.equal second.Code 0 second.Error
            Expect.equal (File.ReadAllText(Path.Combine(out, "labels.txt"))) labels "restored"
            Expect.isFalse (File.Exists(lockOf out)) "no lock stays"
        }
    ]
