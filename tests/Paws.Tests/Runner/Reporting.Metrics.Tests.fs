module Paws.Tests.Runner.ReportingMetricsTests

open System
open System.IO
open Expecto
open Paws.Runner.Reporting

let step phase index loss =
    StepMetrics(Phase = phase, Step = index, Epoch = float index / 10.0, Seconds = float index * 0.5, Loss = loss)

let evaluation phase index top1 =
    EvaluationMetrics(Phase = phase, Step = index, Epoch = float index / 10.0, Seconds = float index * 0.5, Top1 = top1)

let inFolder test =
    let folder = Directory.CreateTempSubdirectory "paws-metrics-"

    try
        test folder.FullName
    finally
        folder.Delete true

let write folder (rows: obj list) =
    use writer = new MetricsWriter(folder)

    for row in rows do
        match row with
        | :? StepMetrics as s -> writer.Write s
        | :? EvaluationMetrics as e -> writer.Write e
        | _ -> failwith "no such row"

let stepsOf phase (log: MetricsLog) = [ for s in log.StepsOf phase -> s.Step ]
let evaluationsOf phase (log: MetricsLog) = [ for e in log.EvaluationsOf phase -> e.Step ]

/// The payloads of an event file, each record's two checksums verified.
let records (path: string) =
    use reader = new BinaryReader(File.OpenRead path)

    [
        while reader.BaseStream.Position < reader.BaseStream.Length do
            let length = reader.ReadInt64()
            let header = reader.ReadUInt32()
            Expect.equal header (TensorBoardFile.Checksum(ReadOnlySpan(BitConverter.GetBytes length))) "checksum of the length"
            let data = reader.ReadBytes(int length)
            Expect.equal (reader.ReadUInt32()) (TensorBoardFile.Checksum(ReadOnlySpan data)) "checksum of the data"
            Tensorboard.Event.Parser.ParseFrom data
    ]

[<Tests>]
let tests =
    testList "Runner.Reporting.Metrics" [
        testCase "every field comes back as it was written"
        <| fun _ ->
            inFolder (fun folder ->
                let full =
                    StepMetrics(
                        Phase = Phase.Paws,
                        Step = 7L,
                        Epoch = 0.25,
                        Seconds = 3.5,
                        Loss = -1.25,
                        CrossEntropy = 1.0,
                        MeMax = -2.25,
                        LearningRate = 0.8,
                        TargetConfidence = 0.6,
                        InstanceDiscrimination = 4.5,
                        SupportClassification = 1.5,
                        ImagesPerSecond = 400.0,
                        DataWaitShare = 0.01,
                        GradientNorm = 0.9
                    )

                let seen =
                    EvaluationMetrics(Phase = Phase.Paws, Step = 8L, Epoch = 0.3, Seconds = 4.0, Top1 = 51.5, Top5 = 93.25)

                write folder [ full; seen ]
                let log = MetricsReader.Read folder
                Expect.equal (List.ofSeq log.Steps) [ full ] "the step"
                Expect.equal (List.ofSeq log.Evaluations) [ seen ] "the evaluation")

        testCase "keys are snake_case and what was not measured is left out"
        <| fun _ ->
            inFolder (fun folder ->
                write folder [
                    StepMetrics(Phase = "paws", Step = 1L, Epoch = 0, Seconds = 0, Loss = 2, CrossEntropy = 3)
                    evaluation "paws" 2L 10
                ]

                let lines = File.ReadAllLines(Path.Combine(folder, MetricsWriter.FileName))
                Expect.equal lines[0] """{"phase":"paws","step":1,"epoch":0,"seconds":0,"loss":2,"cross_entropy":3}""" "a step"
                Expect.stringStarts lines[1] """{"event":"evaluation","phase":"paws","step":2,""" "an evaluation")

        testCase "a diverged loss is written and read"
        <| fun _ ->
            inFolder (fun folder ->
                write folder [ step "paws" 0L nan; step "paws" 1L infinity ]
                let log = MetricsReader.Read folder
                Expect.isTrue (Double.IsNaN log.Steps[0].Loss) "NaN"
                Expect.equal log.Steps[1].Loss infinity "infinity")

        testCase "a torn last line is not read, and writing goes on after it"
        <| fun _ ->
            inFolder (fun folder ->
                write folder [ step "paws" 0L 1; step "paws" 1L 1 ]
                File.AppendAllText(Path.Combine(folder, MetricsWriter.FileName), """{"phase":"paws","step":2,"epo""")
                Expect.equal (MetricsReader.Read folder |> stepsOf "paws") [ 0L; 1L ] "the whole lines"
                write folder [ step "paws" 2L 1 ]
                Expect.equal (MetricsReader.Read folder |> stepsOf "paws") [ 0L; 1L; 2L ] "and the new one")

        testCase "resuming forgets the lines that will be written again, of that phase alone"
        <| fun _ ->
            inFolder (fun folder ->
                let rows: obj list = [
                    for i in 0L .. 9L do
                        step "baseline" i 1
                        step "paws" i 1

                        if i > 0L && i % 2L = 0L then
                            evaluation "paws" i 50
                ]

                write folder rows

                do
                    use writer = new MetricsWriter(folder)
                    writer.ResumeAt("paws", 4L)
                    writer.Write(step "paws" 4L 9)

                let log = MetricsReader.Read folder
                Expect.equal (stepsOf "paws" log) [ 0L .. 4L ] "steps before 4, then the new 4"
                Expect.equal (log.StepsOf "paws").[4].Loss 9.0 "the new one counts"
                Expect.equal (evaluationsOf "paws" log) [ 2L; 4L ] "the evaluation after 4 steps stays"
                Expect.equal (stepsOf "baseline" log) [ 0L .. 9L ] "other phases stay")

        testCase "a phase that begins anew forgets everything of its own"
        <| fun _ ->
            inFolder (fun folder ->
                write folder [ step "suncet" 0L 1; evaluation "suncet" 0L 1; step "paws" 3L 1 ]

                do
                    use writer = new MetricsWriter(folder)
                    writer.ResumeAt("suncet", 0L)

                let log = MetricsReader.Read folder
                Expect.isEmpty (log.StepsOf "suncet") "no steps"
                Expect.isEmpty (log.EvaluationsOf "suncet") "no evaluations"
                Expect.equal (stepsOf "paws" log) [ 3L ] "the other phase")

        testCase "of two evaluations after the same step the later counts"
        <| fun _ ->
            inFolder (fun folder ->
                write folder [ evaluation "paws" 5L 40; evaluation "paws" 5L 41 ]
                let log = MetricsReader.Read folder
                Expect.equal [ for e in log.Evaluations -> e.Top1 ] [ 41.0 ] "one evaluation")

        testCase "a run without metrics reads as empty"
        <| fun _ -> inFolder (fun folder -> Expect.isEmpty (MetricsReader.Read folder).Steps "nothing")

        testCase "TensorBoard's own message type reads the events"
        <| fun _ ->
            inFolder (fun folder ->
                write folder [ step "paws" 300L -1.5; evaluation "paws" 301L 62.5 ]

                do
                    use writer = new MetricsWriter(folder)
                    writer.ResumeAt("paws", 301L)

                let files =
                    Directory.GetFiles(Path.Combine(folder, "tensorboard", "paws")) |> Array.sort

                Expect.equal files.Length 2 "one file a session"
                let first = records files[0]
                Expect.equal first[0].FileVersion "brain.Event:2" "the version comes first"

                let scalars = [
                    for e in first[1..] -> e.Step, e.Summary.Value[0].Tag, float e.Summary.Value[0].SimpleValue
                ]

                Expect.equal scalars [ 300L, "loss/total", -1.5; 301L, "accuracy/top1", 62.5 ] "tags, steps and values"
                let age = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds - first[1].WallTime
                Expect.isTrue (age >= 0.0 && age < 600.0) "seconds since 1970"
                let last = List.last (records files[1])

                Expect.equal
                    (last.SessionLog.Status, last.Step)
                    (Tensorboard.SessionLog.Types.SessionStatus.Start, 301L)
                    "a session starts there")

        testCase "the checksum is CRC-32C, masked"
        <| fun _ ->
            // CRC-32C of "123456789" is E3069283 (the catalogue's check value); masking: rotate right 15, add a282ead8.
            let crc = 0xE3069283u
            let masked = ((crc >>> 15) ||| (crc <<< 17)) + 0xa282ead8u
            Expect.equal (TensorBoardFile.Checksum(ReadOnlySpan "123456789"B)) masked "check value"

        testCase "a result has the promised keys, two decimals, and null for what was not run"
        <| fun _ ->
            let result =
                RunResult(
                    Top1 = 85.12345,
                    Seconds = 12.3456,
                    RunDirectory = "runs/a",
                    Dataset = "shapes",
                    Labels = 250,
                    Seed = 3,
                    Epochs = 20,
                    Protocol = "PAWS-NN, last epoch",
                    Hardware = "2 cores",
                    BaselineTop1 = nan
                )

            let json = result.ToJson()

            for key in
                [
                    "top1"
                    "top5"
                    "baseline_top1"
                    "seconds"
                    "images_per_second"
                    "peak_memory_mb"
                    "run_directory"
                    "dataset"
                    "labels"
                    "seed"
                    "hardware"
                    "commit"
                    "top1_finetuned"
                    "protocol"
                    "epochs"
                ] do
                Expect.isTrue (json.ContainsKey key) key

            Expect.equal (json["top1"].ToJsonString()) "85.12" "percent with two decimals"
            Expect.isNull json["top5"] "not measured"
            Expect.isNull json["baseline_top1"] "NaN is no JSON number"
            Expect.isFalse (result.ToLine().Contains '\n') "one line"
    ]
