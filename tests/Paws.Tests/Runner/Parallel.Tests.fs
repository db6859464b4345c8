module Paws.Tests.Runner.ParallelTests

open System
open System.Collections.Generic
open System.Diagnostics
open System.Globalization
open System.IO
open System.Net
open System.Net.Sockets
open System.Threading
open Expecto
open TorchSharp
open Paws.Data.Sampling
open Paws.Runner.Parallel
open Paws.Runner.Parallel.Nccl
open Paws.Tests

let private start (environment: (string * string) list) (words: string list) =
    let info =
        ProcessStartInfo(List.head words, RedirectStandardOutput = true, RedirectStandardError = true)

    for word in List.tail words do
        info.ArgumentList.Add word

    for name, value in ("OMP_NUM_THREADS", "1") :: ("TERM", "dumb") :: environment do
        info.Environment[name] <- value

    Process.Start info

/// One line says what is wrong, and whatever else is said is said once: rank 0 alone talks.
let private expectOneError (error: string) =
    let lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
    Expect.hasLength (lines |> Array.filter (fun line -> line.StartsWith "paws: error")) 1 error
    Expect.equal (Array.distinct lines) lines "nothing is said twice"

/// Exit code, standard output and standard error of what has been started.
let private finish (seconds: int) (started: Process) =
    let out, error =
        started.StandardOutput.ReadToEndAsync(), started.StandardError.ReadToEndAsync()

    if not (started.WaitForExit(TimeSpan.FromSeconds(float seconds))) then
        started.Kill(entireProcessTree = true)
        failtest $"still running after {seconds} s"

    started.ExitCode, out.Result, error.Result

let private testProgram = [
    "dotnet"
    Path.Combine(AppContext.BaseDirectory, "Paws.Tests.dll")
    "--as-rank"
]

let private paws = [ "dotnet"; Path.Combine(AppContext.BaseDirectory, "paws.dll") ]

let private asRanks (count: int) (what: string) =
    Needs.openMpi ()

    let root =
        if Environment.UserName = "root" then
            [ "--allow-run-as-root" ]
        else
            []

    let code, out, error =
        [ "mpirun" ]
        @ root
        @ [ "--oversubscribe"; "--bind-to"; "none"; "-n"; string count ]
        @ testProgram
        @ [ what ]
        |> start []
        |> finish 180

    Expect.equal code 0 error
    out

/// What came of ranks that find each other as torchrun's do.
let private outcomesAtAnAddress (count: int) (words: string list) =
    let port =
        use free = new TcpListener(IPAddress.Loopback, 0)
        free.Start()
        (free.LocalEndpoint :?> IPEndPoint).Port

    let ranks = [
        for rank in 0 .. count - 1 ->
            start
                [
                    "RANK", string rank
                    "WORLD_SIZE", string count
                    "LOCAL_RANK", string rank
                    "LOCAL_WORLD_SIZE", string count
                    "MASTER_ADDR", "127.0.0.1"
                    "MASTER_PORT", string (port - 1)
                ]
                words
    ]

    ranks |> List.map (finish 180)

let private atAnAddress (count: int) (what: string) =
    let outcomes = outcomesAtAnAddress count (testProgram @ [ what ])

    for code, _, error in outcomes do
        Expect.equal code 0 error

    let _, out, _ = outcomes[0]
    out

let private tolerance = 1e-10

let private expectExact (output: string) =
    let rows =
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        |> Array.map _.Split(" | ")
        |> Array.filter (fun row -> row.Length = 3)

    Expect.hasLength rows 29 output

    for row in rows do
        Expect.isLessThan (Double.Parse(row[2], CultureInfo.InvariantCulture)) tolerance $"{row[0]}, {row[1]}"

let private children (parent: int) =
    Directory.GetDirectories "/proc"
    |> Array.choose (fun folder ->
        match Int32.TryParse(Path.GetFileName folder) with
        | true, id ->
            try
                let stat = File.ReadAllText(Path.Combine(folder, "stat"))
                // The name, in parentheses, may hold anything.
                let fields = stat.Substring(stat.LastIndexOf ')' + 2).Split(' ')
                if int fields[1] = parent then Some id else None
            with :? IOException ->
                None
        | _ -> None)

let private waitFor what (condition: unit -> bool) =
    let clock = Stopwatch.StartNew()

    while not (condition ()) do
        if clock.Elapsed.TotalSeconds > 60.0 then
            failtest $"no {what} within 60 s"

        Thread.Sleep 20

let private onRanks (count: int) out =
    Needs.openMpi ()

    paws
    @ TinyRun.onShapes 12 out [
        "meta.use_fp16=false"
        "finetune.epochs=0"
        "logging.checkpoint_every_seconds=0"
        "meta.world_size=1"
    ]
    @ [ "--no-baseline"; "--nproc"; string count ]

let private weights out =
    Convert.ToHexString(File.ReadAllBytes(Path.Combine(out, "model.safetensors")))

[<Tests>]
let jobs =
    testSequenced
    <| testList "Runner.Parallel jobs" [
        for size in 1..4 do
            test $"{size} ranks of mpirun compute what one process computes on the whole batch" { expectExact (asRanks size "exactness") }

        test "ranks that meet at an address do too" { expectExact (atAnAddress 2 "exactness") }

        test "collectives over MPI" {
            for size in [ 1; 2; 3; 4 ] do
                Expect.stringContains (asRanks size "collectives") $"{size} ranks agree over" "MPI"
        }

        test "collectives over TCP" { Expect.stringContains (atAnAddress 3 "collectives") "3 ranks agree over TCP" "TCP" }

        test "a rank of mpirun that fails alone is named by rank 0, and nobody waits for it" {
            Expect.stringContains (asRanks 3 "failure") "rank 2: image 7 cannot be read" "MPI"
        }

        test "so is one that was met at an address" {
            Expect.stringContains (atAnAddress 2 "failure") "rank 1: image 7 cannot be read" "TCP"
        }

        test "several ranks refuse another method than PAWS, and say so once" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"

            let code, _, error =
                onRanks 2 out @ [ "--method"; "byol" ] |> start [] |> finish 120

            Expect.equal code 2 error
            expectOneError error
            Expect.stringContains error "method.name is byol" "what"
            Expect.isFalse (Directory.Exists out) "nothing is left behind"
        }

        test "a killed rank ends the job with a line that names it; resumed, it ends in the weights of an undisturbed run" {
            Needs.processFiles ()
            use scratch = new ScratchFolder()
            let whole, killed = scratch.File "whole", scratch.File "killed"
            let code, _, error = onRanks 2 whole |> start [] |> finish 120
            Expect.equal code 0 error

            for victim in 0..1 do
                let resume = if victim = 0 then [] else [ "--resume" ]

                let job =
                    (if victim = 0 then
                         onRanks 2 killed
                     else
                         paws @ [ "train"; "--out"; killed; "--nproc"; "2" ])
                    @ resume
                    |> start []

                let checkpoint = FileInfo(Path.Combine(killed, "checkpoint.safetensors"))

                let before =
                    if checkpoint.Exists then
                        checkpoint.LastWriteTimeUtc
                    else
                        DateTime.MinValue

                waitFor "checkpoint" (fun () ->
                    checkpoint.Refresh()
                    checkpoint.Exists && checkpoint.LastWriteTimeUtc > before)

                let ranks = children job.Id |> Array.collect children |> Array.sort
                Expect.isGreaterThanOrEqual ranks.Length 2 "ranks"
                use rank = Process.GetProcessById ranks[victim]
                rank.Kill()
                let clock = Stopwatch.StartNew()
                let code, _, error = finish 30 job
                Expect.isLessThan clock.Elapsed.TotalSeconds 10.0 "ends soon"
                Expect.equal code 2 error

                let lines =
                    error.Split('\n') |> Array.filter (fun line -> line.StartsWith "paws: error")

                Expect.hasLength lines 1 error

                Expect.isTrue
                    (lines[0].Contains "rank "
                     && lines[0].Contains "was killed"
                     && lines[0].Contains "--resume")
                    lines[0]

            let code, _, error =
                paws @ [ "train"; "--out"; killed; "--nproc"; "2"; "--resume" ]
                |> start []
                |> finish 120

            Expect.equal code 0 error
            Expect.equal (weights killed) (weights whole) "weights"
        }

        test "ranks whose training collapses stop together, saved, with one line" {
            use scratch = new ScratchFolder()
            use pictures = new DataFolder()
            let out = scratch.File "run"

            let outcomes =
                paws
                @ CollapseTests.blank (CollapseTests.whitePictures pictures) out [ "logging.on_collapse=stop"; "meta.use_fp16=false" ]
                |> outcomesAtAnAddress 2

            let lines = [
                for code, _, error in outcomes do
                    Expect.equal code 2 error

                    for line in error.Split '\n' do
                        if line.StartsWith "paws: error" then
                            line
            ]

            Expect.hasLength lines 1 "rank 0 alone talks"
            Expect.stringContains lines[0] "has collapsed and was stopped at step" "what"
            Expect.isTrue (File.Exists(Path.Combine(out, "checkpoint.safetensors"))) "saved"
        }

        test "a mistake is told once, however many ranks make it" {
            use scratch = new ScratchFolder()

            let code, _, error =
                onRanks 3 (scratch.File "run")
                @ [ "--set"; "criterion.supervised_imgs_per_class=9" ]
                |> start []
                |> finish 60

            Expect.equal code 2 error
            expectOneError error
            Expect.stringContains error "labeled" "what"
        }
    ]

/// NCCL as a test sees it: it records its calls and does the work of one rank.
type private NcclStub() =
    let calls = List<string>()
    member _.Calls = List.ofSeq calls

    member _.Api =
        NcclApi(
            GetVersion =
                NcclApi.GetVersionCall(fun version ->
                    version <- 22005
                    0),
            GetUniqueId =
                NcclApi.GetUniqueIdCall(fun id ->
                    id <- NcclId()
                    calls.Add "id"
                    0),
            CommInitRank =
                NcclApi.CommInitRankCall(fun communicator size _ rank ->
                    communicator <- 77n
                    calls.Add $"init {rank} of {size}"
                    0),
            AllReduce =
                NcclApi.AllReduceCall(fun from to' count kind operation communicator stream ->
                    calls.Add $"sum {count} {kind} op {operation} comm {communicator} stream {stream} in place {from = to'}"
                    0),
            AllGather =
                NcclApi.AllGatherCall(fun from to' count kind communicator stream ->
                    calls.Add $"gather {count} {kind} comm {communicator} stream {stream}"
                    0),
            Broadcast =
                NcclApi.BroadcastCall(fun from to' count kind root communicator stream ->
                    calls.Add $"broadcast {count} {kind} from {root} comm {communicator} stream {stream}"
                    5),
            CommDestroy =
                NcclApi.CommCall(fun communicator ->
                    calls.Add $"destroy {communicator}"
                    0),
            CommAbort = NcclApi.CommCall(fun _ -> 0),
            GetErrorString = NcclApi.GetErrorStringCall(fun _ -> 0n)
        )

let private environment (pairs: (string * string) list) =
    let values = dict pairs

    Launch.Detect(fun name ->
        match values.TryGetValue name with
        | true, value -> value
        | _ -> null)

[<Tests>]
let parts =
    testList "Runner.Parallel" [
        test "NCCL is called with the tensor's place, count, type and the default stream; CPU tensors go another way" {
            let stub = NcclStub()

            use nccl =
                new NcclCollectives(stub.Api, new SingleProcess(), OnCpu = fun tensor -> tensor.dtype = torch.int64)

            use sum = torch.zeros (6L, dtype = torch.float32)
            nccl.Sum sum
            nccl.Sum(torch.zeros (3L, dtype = torch.int64))
            use all = torch.zeros (4L, dtype = torch.float64)
            nccl.Gather(all, all)
            Expect.throwsT<CollectiveException> (fun () -> nccl.Broadcast(sum, 0)) "a result other than 0"
            Expect.throwsT<ArgumentException> (fun () -> nccl.Sum(torch.zeros(2L, 3L).t())) "not contiguous"
            Expect.throwsT<ArgumentException> (fun () -> nccl.Sum(torch.zeros (2L, dtype = torch.bfloat16))) "type"
            (nccl :> IDisposable).Dispose()

            Expect.equal
                stub.Calls
                [
                    "id"
                    "init 0 of 1"
                    "sum 6 Float op 0 comm 77 stream 0 in place True"
                    "gather 4 Double comm 77 stream 0"
                    "broadcast 6 Float from 0 comm 77 stream 0"
                    "destroy 77"
                ]
                "calls"

            Expect.equal (stub.Api.VersionInWords()) "NCCL 2.20.5" "version"
        }

        test "ranks are told from the environment of mpirun, torchrun and srun" {
            Expect.equal (environment []) Launch.Alone "nothing"

            Expect.equal
                (environment [
                    "OMPI_COMM_WORLD_RANK", "3"
                    "OMPI_COMM_WORLD_SIZE", "4"
                    "OMPI_COMM_WORLD_LOCAL_RANK", "1"
                    "OMPI_COMM_WORLD_LOCAL_SIZE", "2"
                ])
                (Launch(Launcher.Mpi, 3, 4, 1, 2))
                "mpirun"

            Expect.equal
                (environment [
                    "RANK", "5"
                    "WORLD_SIZE", "8"
                    "LOCAL_RANK", "1"
                    "LOCAL_WORLD_SIZE", "4"
                    "MASTER_ADDR", "head"
                    "MASTER_PORT", "29400"
                ])
                (Launch(Launcher.Address, 5, 8, 1, 4, "head", 29401))
                "torchrun"

            let step = [
                "SLURM_STEP_NUM_TASKS", "7"
                "SLURM_PROCID", "6"
                "SLURM_LOCALID", "2"
                "SLURM_NODEID", "1"
                "SLURM_STEP_TASKS_PER_NODE", "4,3"
                "SLURM_STEP_NODELIST", "gpu[07,11-12]"
                "SLURM_JOB_ID", "40123"
            ]

            Expect.equal (environment step) (Launch(Launcher.Address, 6, 7, 2, 3, "gpu07", 20123)) "srun"
            Expect.equal (environment (("PMIX_RANK", "6") :: step)).By Launcher.Mpi "srun --mpi=pmix"
            Expect.equal (environment [ "SLURM_NTASKS", "8"; "SLURM_PROCID", "0" ]) Launch.Alone "a batch script is one process"

            Expect.throwsT<Paws.Runner.UserErrorException>
                (fun () ->
                    environment [ "OMPI_COMM_WORLD_RANK", "4"; "OMPI_COMM_WORLD_SIZE", "4" ]
                    |> ignore)
                "rank 4 of 4"
        }

        test "shards cover everything in order and differ by one row at most" {
            for rows in [ 4; 10; 12; 31 ] do
                for world in 1..4 do
                    let parts = [ for rank in 0 .. world - 1 -> Shard(rank, world) ]
                    let all = [| 0 .. rows - 1 |]

                    let joined = [
                        for part in parts do
                            yield! part.Of(ReadOnlySpan all).ToArray()
                    ]

                    Expect.equal joined (List.ofArray all) $"{rows} rows on {world} ranks"
                    let counts = parts |> List.map _.Count(rows)
                    Expect.isLessThanOrEqual (List.max counts - List.min counts) 1 "even"
                    Expect.equal (List.ofArray (parts[0].Counts rows)) counts "counts"

            Expect.equal (Unchecked.defaultof<Shard>.Count 5) 5 "the default is the whole"
        }

        test "α and β are found from times that follow them" {
            let bytes = [| 8.0; 1e3; 1e6; 1e8 |]

            let struct (alpha, beta) =
                Paws.Runner.Bench.CostModel.Fit(bytes, bytes |> Array.map (fun b -> 2e-6 + 5e-10 * b))

            Expect.floatClose Accuracy.high alpha 2e-6 "α"
            Expect.floatClose Accuracy.high (beta * 1e4) 5e-6 "β"
        }

        test "--nproc is a number of ranks" {
            Expect.equal (LocalRanks.Asked [| "train"; "--nproc"; "3" |]) (Nullable 3) "words"
            Expect.equal (LocalRanks.Asked [| "train"; "--nproc=2" |]) (Nullable 2) "one word"
            Expect.equal (LocalRanks.Asked [| "train"; "--nproc"; "1" |]) (Nullable()) "one rank is this process"
            Expect.equal (LocalRanks.Asked [| "train" |]) (Nullable()) "not asked"

            for wrong in [ "0"; "-1"; "two" ] do
                Expect.throwsT<Paws.Runner.UserErrorException> (fun () -> LocalRanks.Asked [| "--nproc"; wrong |] |> ignore) wrong
        }
    ]
