module Paws.Tests.Runner.BenchTests

open System.Text.Json.Nodes
open Expecto
open Paws.Runner.Checkpoints
open Paws.Tests

[<Tests>]
let tests =
    // Training takes all cores.
    testSequenced
    <| testList "Runner.Bench" [
        test "the process that is timed trains one step of the preset quick, and says when" {
            use folder = new ScratchFolder()

            let outcome =
                PawsCommand.run [ "bench"; "start"; "--child"; folder.Path; "--device"; "cpu" ]

            Expect.equal outcome.Code 0 outcome.Error

            let stages = [
                for stage in JsonNode.Parse(outcome.Out).AsArray() -> stage["stage"].GetValue<string>()
            ]

            Expect.containsAll stages [ "images ready"; "first batch"; "first gradient"; "first step" ] "stages"
            use checkpoint = RunCheckpoint.Load(folder.File RunCheckpoint.FileName)
            Expect.equal checkpoint.State.Step 1 "one step"
        }

        test "no starts to time: refused" { PawsCommand.expectMistake [ "--runs"; "at least 1" ] [ "bench"; "start"; "--runs"; "0" ] }
    ]
