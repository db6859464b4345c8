module Paws.Tests.Data.ReplacingDatasetTests

open System.Collections.Generic
open System.Threading
open Expecto
open Paws.Data
open Paws.Data.Augment
open Paws.Data.Datasets
open Paws.Data.Loading
open Paws.Tests

/// Images 0 … 99 of two classes, of which 0 … 9 are labeled; reading one of those in `broken` fails.
let private over (broken: int list) (said: SkippedImage -> unit) =
    let plain = MemoryImages.dataset 100 2 (fun _ -> false)

    let whole = {
        new IImageDataset with
            member _.Name = plain.Name
            member _.Count = plain.Count
            member _.Classes = plain.Classes
            member _.Labels = plain.Labels
            member _.NameOf index = plain.NameOf index

            member _.Read index =
                if List.contains index broken then
                    raise (DataException.Unreadable(SkippedImage($"image {index}", "it is cut off")))

                plain.Read index

            member _.Dispose() = ()
    }

    plain, new ReplacingDataset(whole, [ 0..9 ], 7UL, said)

let private pixels (data: IImageDataset) (index: int) = data.Read(index).Pixels.ToArray()

[<Tests>]
let tests =
    testList "Data.ReplacingDataset" [
        test "an unreadable image is replaced by the same other of its class, a labeled one by a labeled one, and told once" {
            for bad in [ 4; 55 ] do
                let said = List<string>()
                let plain, data = over [ bad ] (fun image -> said.Add image.Name)
                let shown = pixels data bad

                let place = List.find (fun i -> i <> bad && pixels plain i = shown) [ 0..99 ]

                Expect.equal plain.Labels[place] plain.Labels[bad] "class"
                Expect.equal (place < 10) (bad < 10) "labeled or not"
                Expect.equal (pixels data bad) shown "the same each time"
                let _, again = over [ bad ] ignore
                Expect.equal (pixels again bad) shown "in every process"
                Expect.equal (List.ofSeq said) [ $"image {bad}" ] "told once"
                Expect.equal data.Replaced 1 "counted"
                Expect.equal (pixels data 20) (pixels plain 20) "others are as they are"
        }

        test "beyond one in a hundred it ends" {
            let _, data = over [ 30; 40 ] ignore
            pixels data 30 |> ignore

            Expect.throwsC (fun () -> pixels data 40 |> ignore) (fun e ->
                Expect.isNull (e :?> DataException).Image "for good"
                Expect.stringContains e.Message "2 of 100 images cannot be read" "how many")
        }

        test "a loader goes on where an image is replaced" {
            let _, data = over [ 3 ] ignore
            let recipe = ViewRecipe(Size = 16, RandomCrop = true, Scale = struct (0.5, 1.0))

            let plan step =
                if step = 0 then
                    BatchPlan(0, 0, [| BatchGroup(recipe, [| for i in 0..9 -> BatchRow(i, 0, 0) |]) |], [||])
                else
                    null

            use loader = new BatchLoader(data, plan, 0, PixelType.Float32, 1UL, 2, 2)
            use batch = loader.Next CancellationToken.None
            Expect.isNotNull batch "filled"
            Expect.equal data.Replaced 1 "by another"
        }
    ]
