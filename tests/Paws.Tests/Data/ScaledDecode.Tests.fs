module Paws.Tests.Data.ScaledDecodeTests

open System
open System.IO
open System.Runtime.InteropServices
open Expecto
open Paws.Data
open Paws.Data.Augment
open Paws.Data.Datasets
open Paws.Data.Datasets.Folders
open Paws.Data.Loading
open Paws.Tests
open SkiaSharp

let private crop size least most =
    ViewRecipe(Size = size, RandomCrop = true, Scale = struct (least, most), Flip = 0.5)

let private large, private small = crop 224 0.14 1.0, crop 96 0.05 0.14

let private reduction width height recipes =
    ScaledDecode.Reduction(width, height, recipes)

/// A smooth picture as a JPEG file: red grows to the right, green downwards, blue waves.
let private jpeg width height quality =
    use bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque)

    for y in 0 .. height - 1 do
        for x in 0 .. width - 1 do
            let blue = 128.0 + 100.0 * sin (float (x + 2 * y) / 25.0)
            bitmap.SetPixel(x, y, SKColor(byte (255 * x / width), byte (255 * y / height), byte blue))

    use data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality)
    data.ToArray()

let private folderOf (files: byte[] list) =
    let folder = new DataFolder()

    files
    |> List.iteri (fun i bytes ->
        for part, name in [ "train", $"{i}.jpg"; "test", $"{i}.jpg" ] do
            for kind in [ "a"; "b" ] do
                File.WriteAllBytes(folder.File $"{part}/{kind}/{name}", bytes))

    folder

let private demand (folder: DataFolder) scaled =
    ImageFolder.Open(folder.Path, FolderOptions(CacheLimit = 10L, ScaledDecode = scaled))

let private views (data: IImageDataset) (recipes: ViewRecipe list) workers =
    let rows view = [| for i in 0 .. data.Count - 1 -> BatchRow(i, view, 3) |]

    let plan step =
        if step = 2 then
            null
        else
            BatchPlan(
                0,
                step,
                [|
                    for i, recipe in List.indexed recipes -> BatchGroup(recipe, rows (i + 10 * step))
                |],
                [||]
            )

    use loader = new BatchLoader(data, plan, 0, PixelType.Float32, 5UL, workers, 2)

    [
        for _ in 0..1 do
            use batch = loader.Next()

            for g, group in Seq.indexed batch.Plan.Groups do
                let bytes =
                    Array.zeroCreate<byte>(group.Rows.Length * Augmenter.BytesOf(group.Recipe, PixelType.Float32))

                Marshal.Copy(batch.Memory[g].Pointer, bytes, 0, bytes.Length)
                bytes
    ]

[<Tests>]
let tests =
    testList "Data.ScaledDecode" [
        test "the reduction keeps the pixels of the least crop" {
            Expect.equal (reduction 500 375 [ large; small ]) 1 "as ImageNet's photographs are"
            Expect.equal (reduction 1600 1200 [ large; small ]) 2 "two megapixels"
            Expect.equal (reduction 4000 3000 [ large; small ]) 4 "twelve megapixels"
            Expect.equal (reduction 20000 15000 [ large; small ]) 8 "no more than an eighth"

            Expect.equal
                (reduction 4000 3000 [ large; ViewRecipe(Size = 224, RandomCrop = false) ])
                1
                "what is evaluated is decoded in full"

            Expect.equal (reduction 20000 300 [ large; small ]) 1 "a strip: the box that is taken when none fits counts too"
        }

        test "no crop that is drawn is smaller than its view after the reduction" {
            let draw = Random 7

            for case in 1..3000 do
                let width, height = draw.Next(1, 6000), draw.Next(1, 6000)

                for recipe in [ large; small ] do
                    let by = reduction width height [ recipe ]
                    let mutable random = ViewRandom.For(1UL, 0, case, 0)
                    let box = CropBox.Random(width, height, recipe, &random)

                    if by > 1 then
                        Expect.isGreaterThanOrEqual (min box.BoxWidth box.BoxHeight / by) recipe.Size $"{width} × {height} by {by}"
        }

        test "at full size a view from the file is the view from the decoded image, bit for bit" {
            use folder = folderOf [ jpeg 61 47 90; jpeg 40 80 75 ]

            use data = demand folder true
            let recipes = [ crop 32 0.3 1.0; crop 18 0.2 0.5; ViewRecipe(Size = 24, RandomCrop = false) ]
            let augmenter = Augmenter()

            for (recipe, view), actual in
                List.zip (List.indexed recipes |> List.map (fun (v, r) -> r, v)) (views data.Train recipes 1 |> List.take 3) do
                let expected = [|
                    for i in 0 .. data.Train.Count - 1 do
                        let bytes = Array.zeroCreate<byte>(Augmenter.BytesOf(recipe, PixelType.Float32))
                        let mutable random = ViewRandom.For(5UL, 3, i, view)
                        augmenter.Write(data.Train.Read i, recipe, &random, PixelType.Float32, bytes)
                        yield! bytes
                |]

                Expect.sequenceEqual actual expected $"view {view}"
        }

        test "views of a reduced image show the same part, nearly the same pixels, for any number of workers" {
            let recipes = [ crop 32 0.3 1.0; crop 18 0.3 0.6 ]
            Expect.isGreaterThan (reduction 399 301 recipes) 2 "an odd size that is reduced"
            use folder = folderOf [ jpeg 399 301 95; jpeg 310 420 95 ]
            use scaled = demand folder true
            use full = demand folder false
            let one = views scaled.Train recipes 1
            Expect.equal (views scaled.Train recipes 2) one "two workers"
            Expect.equal (views scaled.Train recipes 3) one "three workers"
            let exact = views full.Train recipes 1
            Expect.notEqual one exact "the reduction is taken"

            for a, b in List.zip one exact do
                let a, b =
                    MemoryMarshal.Cast<byte, float32>(Span a).ToArray(), MemoryMarshal.Cast<byte, float32>(Span b).ToArray()

                let off = Array.map2 (fun x y -> abs (x - y) * 255f) a b
                Expect.isLessThan (Array.average off) 1.0f "levels on average"
                Expect.isLessThan (Array.max off) 8f "levels at most"
        }

        test "a view does not depend on what else is made of its image" {
            let recipes = [ crop 32 0.3 1.0; crop 18 0.3 0.6 ]
            use folder = folderOf [ jpeg 400 300 95 ]
            use data = demand folder true
            let both = views data.Train recipes 1
            // The same groups, one of them without rows.
            let plan =
                BatchPlan(
                    0,
                    0,
                    [|
                        BatchGroup(recipes[0], [| BatchRow(0, 0, 3) |])
                        BatchGroup(recipes[1], [||])
                    |],
                    [||]
                )

            use loader =
                new BatchLoader(data.Train, (fun step -> if step = 0 then plan else null), 0, PixelType.Float32, 5UL, 1, 1)

            use batch = loader.Next()
            let bytes = Array.zeroCreate<byte>(Augmenter.BytesOf(recipes[0], PixelType.Float32))
            Marshal.Copy(batch.Memory[0].Pointer, bytes, 0, bytes.Length)
            Expect.sequenceEqual bytes (Array.truncate bytes.Length both[0]) "the first row"
        }

        test "a broken file is named" {
            let whole = jpeg 64 48 90

            for bytes, words in
                [
                    whole[.. whole.Length / 2], "cut off"
                    [| 1uy; 2uy; 3uy |], "known format"
                    [||], "empty"
                ] do
                use folder = folderOf [ whole; bytes ]
                use data = demand folder true

                let problem =
                    Expect.throwsC (fun () -> views data.Train [ crop 16 0.3 1.0 ] 2 |> ignore) id

                Expect.equal (problem.GetType()) typeof<DataException> "kind"
                Expect.stringContains problem.Message "1.jpg" "name"
                Expect.stringContains problem.Message words "reason"
        }
    ]
