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

let private channels (pixels: ReadOnlyMemory<byte>) (rows: int seq) (columns: int seq) = [|
    let pixels = pixels.ToArray()

    for channel in 0..2 ->
        [|
            for y in rows do
                for x in columns -> float pixels[3 * (32 * y + x) + channel]
        |]
|]

/// Mean of each channel, and of the places where objects lie: where a class's colour would show.
let private colours pixels =
    Array.concat [|
        for rows, columns in [ [ 0..31 ], [ 0..31 ]; [ 6..10 ], [ 6..10 ]; [ 21..25 ], [ 21..25 ] ] ->
            channels pixels rows columns |> Array.map Array.average
    |]

/// Standard deviation of each channel.
let private spreads pixels =
    channels pixels [ 0..31 ] [ 0..31 ]
    |> Array.map (fun values ->
        let mean = Array.average values
        sqrt (values |> Array.averageBy (fun v -> (v - mean) * (v - mean))))

[<Tests>]
let tests =
    testList "Data.Shapes" [
        test "the images are pinned: the same on every machine" {
            use data = BuiltInShapes.Open(50, 20, 7)
            Expect.equal (hash (bytes data.Train), hash (bytes data.Test)) ("341d55d503f70dcc", "69a40893d289fb03") "hashes"
        }

        test "threads, order and counts do not matter, seeds and parts do" {
            use one = BuiltInShapes.Open(40, 10, 3)
            use four = BuiltInShapes.Open(40, 10, 3)

            Array.Parallel.iter (fun i -> four.Train.Read(39 - i % 40) |> ignore) [| 0..159 |]

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
            // How much of an image is painted over differs between classes, as their outlines do, and shows in the spread.
            Expect.isLessThan (nearestMean spreads data) 0.25 "nearest spread of colour"
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

        test "an image shows as many objects as its options say" {
            // On a plain dark ground, without texture: bright pixels grow with the number of objects.
            let area members =
                let options =
                    ShapesOptions(
                        Members = struct (members, members),
                        Radius = struct (6f, 6f),
                        Aspect = struct (1f, 1f),
                        Texture = 0f,
                        Clutter = 0f,
                        Distractors = struct (0, 0),
                        Occlusion = 0f,
                        Noise = 0f,
                        Backdrop = struct (0f, 1f),
                        Contrast = struct (100f, 100f),
                        ImageContrast = struct (1f, 1f),
                        Brightness = 0f
                    )

                use data = BuiltInShapes.Open(100, 10, 1, options)

                bytes data.Train
                |> Array.sumBy (fun image ->
                    image
                    |> Array.chunkBySize 3
                    |> Array.filter (fun pixel -> Array.averageBy float pixel > 20.0)
                    |> Array.length)
                |> float

            let one = area 1

            for members in 2..4 do
                Expect.isLessThan (abs (area members / one - float members)) 0.3 $"{members} objects"

            for members in [ 0; 5 ] do
                Expect.throwsT<ArgumentException> (fun () -> area members |> ignore) $"{members} objects"
        }

        test "too few images is an error with a remedy" {
            let error = Expect.throwsC (fun () -> BuiltInShapes.Open(5, 10) |> ignore) id
            Expect.stringContains (error :?> DataException).Message "data.shapes_train" "remedy"
        }
    ]
