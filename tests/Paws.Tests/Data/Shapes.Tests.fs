module Paws.Tests.Data.ShapesTests

open System
open System.Security.Cryptography
open Expecto
open Paws.Data
open Paws.Data.Datasets
open Paws.Data.Datasets.Shapes

let private bytes (data: IImageDataset) = [| for i in 0 .. data.Count - 1 -> data.Read(i).Pixels.ToArray() |]

let private hash (images: byte[][]) =
    images
    |> Array.concat
    |> SHA256.HashData
    |> Convert.ToHexStringLower
    |> fun text -> text[..15]

/// Share of test images whose nearest class mean, of some features, is their own.
let private nearestMean (features: ReadOnlyMemory<byte> -> float[]) (data: DatasetPair) =
    let describe (part: IImageDataset) = [|
        for i in 0 .. part.Count - 1 -> features (part.Read(i).Pixels), part.Labels[i]
    |]

    let mean (rows: float[][]) =
        Array.init rows[0].Length (fun j -> rows |> Array.averageBy (fun row -> row[j]))

    let means =
        describe data.Train
        |> Array.groupBy snd
        |> Array.map (fun (label, rows) -> label, mean (Array.map fst rows))

    let predict row =
        means
        |> Array.minBy (fun (_, mean) -> Array.fold2 (fun sum a b -> sum + (a - b) * (a - b)) 0.0 row mean)
        |> fst

    describe data.Test
    |> Array.averageBy (fun (row, label) -> if predict row = label then 1.0 else 0.0)

/// Mean and standard deviation of each channel, and of its middle quarter: where a class's colour would show.
let private colours (pixels: ReadOnlyMemory<byte>) =
    let pixels = pixels.ToArray()

    [|
        for channel in 0..2 do
            let all = [| for i in 0..1023 -> float pixels[3 * i + channel] |]

            let middle = [|
                for y in 12..19 do
                    for x in 12..19 -> float pixels[3 * (32 * y + x) + channel]
            |]

            let mean = Array.average all
            mean
            sqrt (all |> Array.averageBy (fun v -> (v - mean) * (v - mean)))
            Array.average middle
    |]

[<Tests>]
let tests =
    testList "Data.Shapes" [
        test "the images are pinned: the same on every machine" {
            use data = BuiltInShapes.Open(50, 20, 7)
            Expect.equal (hash (bytes data.Train), hash (bytes data.Test)) ("f21705bb8e866c1f", "746f3e7b9cfa067c") "hashes"
        }

        test "threads and counts do not matter, seeds and parts do" {
            use one = BuiltInShapes.Open(40, 10, 3, threads = 1)
            use four = BuiltInShapes.Open(40, 10, 3, threads = 4)
            use longer = BuiltInShapes.Open(80, 10, 3)
            use other = BuiltInShapes.Open(40, 10, 4)
            Expect.equal (bytes four.Train) (bytes one.Train) "threads"
            Expect.equal (Array.take 40 (bytes longer.Train)) (bytes one.Train) "the first of more"

            let distinct =
                Array.concat [ bytes longer.Train; bytes one.Test; bytes other.Train; bytes other.Test ]
                |> Array.distinct

            Expect.hasLength distinct 140 "no image occurs twice"
        }

        test "ten classes take turns" {
            use data = BuiltInShapes.Open(200, 30)
            Expect.equal data.Train.Classes.Count 10 "classes"

            for part, count in [ data.Train, 20; data.Test, 3 ] do
                Expect.all (Seq.countBy id part.Labels) (fun (_, n) -> n = count) "balanced"

            Expect.stringContains (data.Train.NameOf 3) data.Train.Classes[3] "names say the class"
        }

        test "colour and brightness say nothing about the class" {
            use data = BuiltInShapes.Open(3000, 1000)
            // Chance is 10 %; three standard deviations of 1000 draws are 3 %.
            Expect.isLessThan (nearestMean colours data) 0.16 "nearest mean colour"
        }

        test "every class is drawn: its outline differs from all others by more than a tilt changes it" {
            let inside label = [|
                for y in -9 .. 9 do
                    for x in -9 .. 9 -> Silhouette.Distance(label, float32 x / 10f, float32 y / 10f) < 0f
            |]

            for one in 0..9 do
                Expect.isGreaterThan (inside one |> Array.filter id |> Array.length) 60 $"{Silhouette.Names[one]} has area"

                for other in 0 .. one - 1 do
                    let differing =
                        Array.map2 (<>) (inside one) (inside other) |> Array.filter id |> Array.length

                    Expect.isGreaterThan differing 30 $"{Silhouette.Names[one]} and {Silhouette.Names[other]}"
        }

        test "outlines are symmetric, so a flip keeps the class" {
            for label in 0..9 do
                for y in -10 .. 10 do
                    for x in 1..10 do
                        let x, y = float32 x / 10f, float32 y / 10f

                        Expect.floatClose
                            Accuracy.low
                            (float (Silhouette.Distance(label, -x, y)))
                            (float (Silhouette.Distance(label, x, y)))
                            Silhouette.Names[label]
        }

        test "too few images is an error with a remedy" {
            let error = Expect.throwsC (fun () -> BuiltInShapes.Open(5, 10) |> ignore) id
            Expect.stringContains (error :?> DataException).Message "data.shapes_train" "remedy"
        }
    ]
