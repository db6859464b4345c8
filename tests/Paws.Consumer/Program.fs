module Paws.Consumer.Program

open System
open Expecto
open TorchSharp
open Paws.Data.Datasets
open Paws.Laws

let private constant (x: torch.Tensor) = x.detach ()

let private laws asConstant =
    ObjectiveLaws.all (fun s step -> (HalfMeMax.evaluate asConstant s.Temperature s.Sharpen step).Total)
    |> Law.toTests "mine"

let private images =
    test "images are drawn and encoded" {
        use shapes = BuiltInShapes.Open(20, 10)
        Expect.hasLength shapes.Train.Classes 10 "classes"
        Expect.sequenceEqual (FolderExport.Png(shapes.Train.Read 0)[1..3]) "PNG"B "a PNG file"
    }

/// Whether an assembly runs on any processor, as those of a library package must.
let private anyProcessor (assembly: Reflection.Assembly) =
    let mutable kind = Reflection.PortableExecutableKinds.NotAPortableExecutableImage
    let mutable machine = Reflection.ImageFileMachine.AMD64
    assembly.ManifestModule.GetPEKind(&kind, &machine)

    kind = Reflection.PortableExecutableKinds.ILOnly
    && machine = Reflection.ImageFileMachine.I386

let private libraries =
    testList "built for any processor" [
        for inside in
            [
                typeof<Paws.Model.PawsStep>
                typeof<Law>
                typeof<RgbImage>
                typeof<Paws.Runner.PawsProgram>
            ] -> test inside.Assembly.FullName { Expect.isTrue (anyProcessor inside.Assembly) "ILOnly, I386" }
    ]

let private experiment =
    Paws.Runner.Experiment(
        "half ME-Max",
        fun config step -> HalfMeMax.evaluate constant config.Criterion.Temperature config.Criterion.Sharpen step
    )

/// tests: must pass. planted: the same with a mistake, must fail. Anything else is a command line of paws.
[<EntryPoint>]
let main arguments =
    match List.ofArray arguments with
    | [ "tests" ] -> runTestsWithCLIArgs [] [| "--summary" |] (testList "Consumer" [ laws constant; images; libraries ])
    | [ "planted" ] -> runTestsWithCLIArgs [] [| "--summary" |] (laws id)
    | _ -> Paws.Runner.PawsProgram.Run(arguments, experiment)
