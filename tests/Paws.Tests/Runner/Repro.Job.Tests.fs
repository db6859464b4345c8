module Paws.Tests.Runner.ReproJobTests

open System
open System.Collections.Concurrent
open System.IO
open System.Text.Json.Nodes
open System.Threading
open System.Threading.Tasks
open Expecto
open Paws.Runner
open Paws.Runner.Config
open Paws.Runner.Reporting
open Paws.Runner.Reporting.Charts
open Paws.Runner.Repro
open Paws.Tests

/// Writes what a training run would, with an accuracy that a rule gives.
type private Rule(accuracy: PawsConfig -> float) =
    let calls = ConcurrentQueue<string>()
    member _.Calls = calls.ToArray() |> Array.sort

    interface IRunner with
        member _.Run(run, directory, finished, stop) =
            stop.ThrowIfCancellationRequested()
            calls.Enqueue run.Key
            Directory.CreateDirectory directory |> ignore
            let result = JsonObject()
            result["top1"] <- JsonValue.Create(accuracy run.Config)
            result["method"] <- JsonValue.Create run.Config.Method.Name
            result["pretrain_seconds"] <- JsonValue.Create 50.0
            result["finetune_seconds"] <- JsonValue.Create 10.0
            result["hardware"] <- JsonValue.Create "a rule"
            result["commit"] <- JsonValue.Create "0123456789abcdef"
            result["run_directory"] <- JsonValue.Create directory
            File.WriteAllText(Path.Combine(directory, "result.json"), result.ToJsonString())
            finished.Invoke 1.0
            Task.CompletedTask

        member _.Share(_, _) = 0.0

let private quiet () =
    let text = new StringWriter()
    CommandConsole.ForProcess(false, text, text), text

let private requestBy jobs (root: string) items draw =
    ReproRequest(
        Items = List.toArray items,
        Scale = "smoke",
        Seeds = Nullable 3,
        Jobs = jobs,
        Folder = ReproFolder(Path.Combine(root, "out")),
        Work = Path.Combine(root, "work"),
        Draw = draw
    )

let private request root items draw = requestBy 2 root items draw

let private runIn root items draw (runner: IRunner) (stop: CancellationToken) =
    let console, text = quiet ()
    ReproJob(request root items draw, runner, console, stop).Run()
    text.ToString()

/// The page of results of scale smoke, told as if they were laptop's: the page leaves smoke out.
let private pageOf (root: string) =
    let out = Path.Combine(root, "out")
    Directory.Move(Path.Combine(out, "results", "smoke"), Path.Combine(out, "results", "laptop"))

    for json in Directory.GetFiles(Path.Combine(out, "results", "laptop"), "*.json") do
        File.WriteAllText(json, File.ReadAllText(json).Replace("\"scale\": \"smoke\"", "\"scale\": \"laptop\""))

    ResultsPage.Write(ReproFolder out)

/// ME-Max is worth 5 points with few labels and 1 with many; seeds differ by 0.1 alike.
let private memax (config: PawsConfig) =
    let few = config.Data.LabelsPerClass.Value < 10
    let worth = if few then 5.0 else 1.0

    50.0
    + (if few then 0.0 else 20.0)
    + (if config.Criterion.MeMax then worth else 0.0)
    + 0.1 * float config.Meta.Seed
    + (if config.Criterion.MeMax then
           0.01 * float config.Meta.Seed
       else
           0.0)

let private readCells (root: string) id =
    ItemResult.Read(Path.Combine(root, "out", "results", "smoke", id + ".json"))

[<Tests>]
let tests =
    testList "Runner.Repro.job" [
        testCase "a table is run, written and judged; the second time nothing is run" (fun () ->
            use folder = new ScratchFolder()
            let first = Rule memax
            let said = runIn folder.Path [ "table6" ] false first CancellationToken.None
            Expect.hasLength first.Calls 12 "4 arms × 3 seeds"
            Expect.hasLength (Array.distinct first.Calls) 12 "each once"
            Expect.stringContains said "supported, 12 of 12 runs" "verdict"
            let result = readCells folder.Path "table6"
            Expect.equal result.Outcome Outcome.Supported "claim"
            Expect.equal result.Finished 12 "finished"
            let withFew = result.Cells |> Seq.find (fun c -> c.Name = "with.few")
            Expect.sequenceEqual withFew.Values [ Nullable 55.0; Nullable 55.11; Nullable 55.22 ] "values"
            Expect.equal withFew.Paper (Nullable 63.8) "paper"

            let file extension =
                Path.Combine(folder.Path, "out", "results", "smoke", "table6" + extension)

            let table = File.ReadAllText(file ".md")
            Expect.stringContains table "| with ME-Max | 55.11 ± 0.11 (3) | 63.8 | 71.11 ± 0.11 (3) | 73.9 |" "row"
            Expect.stringContains table "ME-Max helps with few labels: **supported** (+5.01" "statement"
            let lines = File.ReadAllLines(file ".csv")
            Expect.hasLength lines 13 "a line a cell and seed"
            Expect.stringContains lines[1] ",0,,55,63.8" "a cell"
            Expect.isTrue (File.Exists(file ".svg") && FileInfo(file ".png").Length > 1000L) "drawings"
            let second = Rule memax
            runIn folder.Path [ "table6" ] false second CancellationToken.None |> ignore
            Expect.isEmpty second.Calls "recorded"
            File.Delete(file ".md")
            runIn folder.Path [ "table6" ] true second CancellationToken.None |> ignore
            Expect.isEmpty second.Calls "draws only"
            Expect.equal (File.ReadAllText(file ".md")) table "the same table")

        testCase "a record holds the configuration of its run" (fun () ->
            use folder = new ScratchFolder()

            runIn folder.Path [ "table6" ] false (Rule memax) CancellationToken.None
            |> ignore

            for record in Directory.GetDirectories(Path.Combine(folder.Path, "out", "results", "smoke", "runs")) do
                let config = ConfigLoader.LoadFile(Path.Combine(record, "config.yaml"))
                Expect.equal (ReproRun(config).Key) (Path.GetFileName record) "key"
                Expect.equal config.Logging.LogEverySteps 2 "as often logged, so that metrics can be compared")

        testCase "tables that share arms run them once" (fun () ->
            use folder = new ScratchFolder()
            let runner = Rule(fun _ -> 50.0)

            runIn folder.Path [ "table3"; "table6"; "figure4" ] false runner CancellationToken.None
            |> ignore
            // table 3: base, 2 ×, 3 ×; table 6: three more; figure 4: the base
            Expect.hasLength runner.Calls (3 * 6) "shared")

        testCase "a run that fails is told, the others end, and only it is run again" (fun () ->
            use folder = new ScratchFolder()

            let refuse (config: PawsConfig) =
                if
                    not config.Criterion.MeMax
                    && config.Meta.Seed = 1
                    && config.Data.LabelsPerClass.Value < 10
                then
                    raise (UserErrorException "out of luck")

                memax config

            let first = Rule refuse

            Expect.throwsC (fun () -> runIn folder.Path [ "table6" ] false first CancellationToken.None |> ignore) (fun e ->
                Expect.stringContains e.Message "1 of 12 runs failed" "how many"
                Expect.stringContains e.Message "out of luck" "why")

            let result = readCells folder.Path "table6"
            Expect.equal result.Finished 11 "the others"

            let few =
                result.Statements |> Seq.find (fun s -> s.Says = "ME-Max helps with few labels")

            Expect.equal few.Seeds 2 "judged on the seeds that have both cells"
            let second = Rule memax
            runIn folder.Path [ "table6" ] false second CancellationToken.None |> ignore
            Expect.hasLength second.Calls 1 "again"
            Expect.equal (readCells folder.Path "table6").Finished 12 "all")

        testCase "a run that another process has is left to it, and nothing has failed" (fun () ->
            use folder = new ScratchFolder()

            let taken (config: PawsConfig) =
                if config.Criterion.MeMax && config.Meta.Seed = 2 then
                    raise (RunTakenException("somebody has it", IOException()))

                memax config

            let said = runIn folder.Path [ "table6" ] false (Rule taken) CancellationToken.None
            Expect.stringContains said "somebody has it" "which"
            Expect.stringContains said "runs left to another paws repro: 2" "how many"
            Expect.equal (readCells folder.Path "table6").Finished 10 "the others")

        testCase "records that nothing asks for any more are named" (fun () ->
            use folder = new ScratchFolder()
            let rule = Rule(fun _ -> 50.0)
            let all = List.ofSeq ReproFiles.Items
            let records = Path.Combine(folder.Path, "out", "results", "smoke", "runs")
            let said = runIn folder.Path all false rule CancellationToken.None
            Expect.isFalse (said.Contains "nothing at this scale") "all are asked for"

            Directory.CreateDirectory(Path.Combine(records, "paws-0123456789ab-seed0"))
            |> ignore

            let again = runIn folder.Path all true rule CancellationToken.None
            Expect.stringContains again "asks for: paws-0123456789ab-seed0" "by name"
            let one = runIn folder.Path [ "table6" ] true rule CancellationToken.None
            Expect.isFalse (one.Contains "nothing at this scale") "one item cannot tell")

        testCase "a stop leaves what has ended, and the next call goes on" (fun () ->
            use folder = new ScratchFolder()
            use stop = new CancellationTokenSource()
            let mutable count = 0

            let stopping (config: PawsConfig) =
                if Interlocked.Increment &count = 4 then
                    stop.Cancel()

                memax config

            Expect.throwsT<PlanStoppedException>
                (fun () -> runIn folder.Path [ "table6" ] false (Rule stopping) stop.Token |> ignore)
                "stopped"

            let kept = (readCells folder.Path "table6").Finished
            Expect.isTrue (kept >= 4 && kept < 12) $"{kept} kept"
            let second = Rule memax
            runIn folder.Path [ "table6" ] false second CancellationToken.None |> ignore
            Expect.hasLength second.Calls (12 - kept) "the rest")

        testCase "what another process recorded meanwhile is not trained again" (fun () ->
            use folder = new ScratchFolder()
            let other, own = Rule memax, Rule memax

            let whileTheOtherWorks = {
                new IRunner with
                    member _.Run(run, directory, finished, stop) =
                        if other.Calls.Length = 0 then
                            runIn folder.Path [ "table6" ] false other CancellationToken.None |> ignore

                        (own :> IRunner).Run(run, directory, finished, stop)

                    member _.Share(_, _) = 0.0
            }

            let console, _ = quiet ()

            ReproJob(requestBy 1 folder.Path [ "table6" ] false, whileTheOtherWorks, console, CancellationToken.None).Run()

            Expect.hasLength other.Calls 12 "the other"
            Expect.hasLength own.Calls 1 "the one that was under way")

        testCase "accuracy over time: fine-tuning goes on where pre-training ended, seeds point by point" (fun () ->
            let seed (pretraining: float) (top1: float list) (finetuned: float list) =
                let result = JsonObject()
                result["method"] <- JsonValue.Create "paws"
                result["finetune_method"] <- JsonValue.Create "suncet"
                result["pretrain_seconds"] <- JsonValue.Create pretraining

                let rows phase seconds (values: float list) = [
                    for i, value in List.indexed values ->
                        EvaluationMetrics(Phase = phase, Step = int64 i, Epoch = float i, Seconds = seconds * float (i + 1), Top1 = value)
                ]

                FinishedRun(result, MetricsLog([||], [| yield! rows "paws" 60.0 top1; yield! rows "suncet" 30.0 finetuned |]))

            let points (series: SeedSeries) = [ for p in series.Points -> p.X, List.ofSeq p.Values ]

            let seeds = [|
                seed 120.0 [ 10.0; 20.0 ] [ 30.0 ]
                seed 240.0 [ 12.0; 24.0; 99.0 ] [ 36.0 ]
            |]

            let curves = AccuracyOverTime.Of("PAWS", seeds) |> List.ofSeq
            let names = [ for curve in curves -> curve.Name ]
            Expect.equal names [ "PAWS, pre-training"; "PAWS, fine-tuning" ] "names"
            Expect.equal (points curves[0]) [ 1.0, [ 10.0; 12.0 ]; 2.0, [ 20.0; 24.0 ] ] "as long as the shortest"
            Expect.equal (points curves[1]) [ 3.5, [ 30.0; 36.0 ] ] "2.5 and 4.5 minutes"
            Expect.equal (Seq.length (AccuracyOverTime.Of("PAWS", [| seed 60.0 [ 50.0 ] [] |]))) 1 "no curve of what was not evaluated"
            Expect.isEmpty (AccuracyOverTime.Of("PAWS", [||])) "no runs")

        testCase "the page tells how much of a claim holds where not all of it does" (fun () ->
            use folder = new ScratchFolder()
            // Many labels never gain: one part of three fails.
            let fewGain (config: PawsConfig) =
                if config.Data.LabelsPerClass.Value < 10 then
                    memax config
                else
                    60.0

            runIn folder.Path [ "table6" ] false (Rule fewGain) CancellationToken.None
            |> ignore

            let glance =
                (pageOf folder.Path).Split('\n') |> Array.find _.StartsWith("| [Table 6]")

            Expect.stringContains glance "(2 of 3 parts supported) |" "a glance")

        testCase "the page tells what was run and what was not" (fun () ->
            use folder = new ScratchFolder()

            runIn folder.Path [ "table6"; "figure5" ] false (Rule memax) CancellationToken.None
            |> ignore

            let page = pageOf folder.Path
            Expect.stringContains page "### Table 6, scale laptop: supported" "section"
            Expect.stringContains page ((ReproFiles.Item "table6").Remarks["laptop"].Trim()) "remark"
            Expect.stringContains page "| with ME-Max | 55.11 ± 0.11 (3) | 63.8 |" "numbers"
            Expect.stringContains page "12.0 minutes of training" "12 runs of a minute"
            Expect.stringContains page "on a rule (commit 01234567)" "hardware and commit"
            Expect.stringContains page "Not run yet at scale gpu, paper." "not run"
            Expect.stringContains page "figure5.html" "interactive page"
            Expect.stringContains page "left out" "skipped"

            for id in ReproFiles.Items do
                Expect.stringContains page $"<a id=\"{id}\"></a>" id)
    ]
