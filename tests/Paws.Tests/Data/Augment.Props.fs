module Paws.Tests.Data.AugmentProps

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Data.Augment
open Paws.Data.Loading
open Paws.Tests
open TorchSharp

let private config = {
    FsCheckConfig.defaultConfig with
        maxTest = 60
}

let private everything size =
    ViewRecipe(
        Size = size,
        RandomCrop = true,
        Scale = struct (0.2, 1.0),
        Flip = 0.5,
        Jitter = 0.8,
        JitterStrength = 1.0,
        Grayscale = 0.2,
        Blur = 0.5,
        Solarize = 0.2,
        Equalize = 0.2,
        Mean = struct (0.4f, 0.5f, 0.6f),
        Std = struct (0.2f, 0.3f, 0.4f)
    )

let private view (augmenter: Augmenter) recipe kind seed epoch sample number =
    let image = MemoryImages.image 40 33 sample
    let bytes = Array.zeroCreate<byte>(Augmenter.BytesOf(recipe, kind))
    let mutable random = ViewRandom.For(seed, epoch, sample, number)
    augmenter.Write(image, recipe, &random, kind, bytes)
    bytes

let private floats (bytes: byte[]) =
    Array.init (bytes.Length / 4) (fun i -> BitConverter.ToSingle(bytes, 4 * i))

/// The hue turned in double precision, one pixel at a time.
let private turned (r: byte, g: byte, b: byte) shift =
    let r, g, b = int r, int g, int b
    let value, least = max r (max g b), min r (min g b)

    if value = least then
        byte r, byte g, byte b
    else
        let range = float32 (value - least)
        let below channel = float32 (value - channel) / range

        let hue =
            if r = value then
                below b - below g
            elif g = value then
                float32 (2.0 + float (below r) - float (below b))
            else
                float32 (4.0 + float (below g) - float (below r))

        let share = float32 ((float hue / 6.0 + 1.0) % 1.0)
        let steps = (int (float share * 255.0) + int (shift * 255.0)) &&& 255

        let saturation =
            float (int (float (range / float32 value) * 255.0)) / 255.0 |> float32 |> float

        let place = float steps * 6.0 / 255.0
        let sextant = floor place
        let within = float (float32 (place - sextant))

        let level share =
            byte (floor (float value * share + 0.5))

        let v, p = byte value, level (1.0 - saturation)

        let q, t =
            level (1.0 - saturation * within), level (1.0 - saturation * (1.0 - within))

        match int sextant % 6 with
        | 0 -> v, t, p
        | 1 -> q, v, p
        | 2 -> p, v, t
        | 3 -> p, q, v
        | 4 -> t, p, v
        | _ -> v, p, q

[<Tests>]
let tests =
    testList "Data.Augment laws" [
        testPropertyWithConfig config "a view depends on seed, epoch, sample and view, not on what was made before"
        <| fun (seed: uint64) (epoch: int) (NonNegativeInt sample) (PositiveInt number) ->
            let used = Augmenter()
            view used (everything 23) PixelType.BFloat16 1UL 2 3 4 |> ignore

            view used (everything 17) PixelType.Float32 seed epoch sample number =
                view (Augmenter()) (everything 17) PixelType.Float32 seed epoch sample number

        test "other seeds, epochs, samples and views look different" {
            let make seed epoch sample number =
                view (Augmenter()) (everything 17) PixelType.BFloat16 seed epoch sample number

            let views = [
                for seed in [ 1UL; 2UL ] do
                    for epoch in [ -1; 0; 1 ] do
                        for sample in [ 0; 1 ] do
                            for number in [ 0; 1; 2 ] -> make seed epoch sample number
            ]

            Expect.equal (List.distinct views).Length views.Length "all different"
        }

        testPropertyWithConfig config "bfloat16 pixels are the rounded single ones, as torch rounds"
        <| fun (seed: uint64) ->
            let single =
                view (Augmenter()) (everything 17) PixelType.Float32 seed 0 1 0 |> floats

            let brain = view (Augmenter()) (everything 17) PixelType.BFloat16 seed 0 1 0
            use exact = torch.tensor single
            use rounded = exact.``to``(torch.bfloat16).``to`` torch.float32

            let widened =
                Array.init single.Length (fun i -> BitConverter.UInt32BitsToSingle(uint32 (BitConverter.ToUInt16(brain, 2 * i)) <<< 16))

            widened = rounded.data<float32>().ToArray()

        test "hue in vector instructions equals hue in double precision" {
            let random = Random 5
            let bytes = Array.zeroCreate<byte>(3 * 300 * 100)

            for shift in [ -0.5; -0.2; -0.037; 0.0; 0.004; 0.1; 0.5 ] do
                random.NextBytes bytes
                // Greys, few levels and pure colours too: the ties are there.
                for i in 0 .. 3 * 10000 - 1 do
                    bytes[i] <- bytes[i] / 64uy * 85uy

                let planes = Planes()
                planes.FromInterleaved(bytes, 300, 100)
                Hue.Apply(planes, shift)
                let actual = planes.ToInterleaved()

                for i in 0..3 .. bytes.Length - 3 do
                    let expected = turned (bytes[i], bytes[i + 1], bytes[i + 2]) shift

                    if (actual[i], actual[i + 1], actual[i + 2]) <> expected then
                        failtest $"{bytes[i]} {bytes[i + 1]} {bytes[i + 2]} turned by {shift}"
        }

        testPropertyWithConfig config "a random crop lies in the image and is as large as asked"
        <| fun (seed: uint64) (PositiveInt width) (PositiveInt height) ->
            let mutable random = ViewRandom.For(seed, 0, 0, 0)
            let box = CropBox.Random(width, height, everything 17, &random)

            box.Left >= 0
            && box.Top >= 0
            && box.BoxWidth >= 1
            && box.BoxHeight >= 1
            && box.Left + box.BoxWidth <= width
            && box.Top + box.BoxHeight <= height

        test "crop areas spread over the range of scales" {
            let recipe = ViewRecipe(Size = 32, RandomCrop = true, Scale = struct (0.25, 0.75))

            let shares = [|
                for sample in 0..3999 do
                    let mutable random = ViewRandom.For(7UL, 0, sample, 0)
                    let box = CropBox.Random(500, 500, recipe, &random)
                    float (box.BoxWidth * box.BoxHeight) / 250000.0
            |]

            Expect.isLessThan (abs (Array.average shares - 0.5)) 0.01 "mean of a uniform share"
            Expect.isGreaterThan (Array.min shares) 0.245 "least, but for rounding"
            Expect.isLessThan (Array.max shares) 0.755 "most, but for rounding"
        }

        testPropertyWithConfig config "a constant image stays constant through crop, resize and blur"
        <| fun (level: byte) (seed: uint64) ->
            let image =
                Paws.Data.Datasets.RgbImage(ReadOnlyMemory(Array.create (3 * 50 * 41) level), 50, 41)

            let recipe =
                ViewRecipe(Size = 19, RandomCrop = true, Scale = struct (0.1, 1.0), Flip = 0.5, Blur = 1.0)

            let bytes = Array.zeroCreate<byte>(Augmenter.BytesOf(recipe, PixelType.Float32))
            let mutable random = ViewRandom.For(seed, 0, 0, 0)
            Augmenter().Write(image, recipe, &random, PixelType.Float32, bytes)
            floats bytes |> Array.forall ((=) (float32 level / 255f))

        test "chances come true as often as asked" {
            let draws = 20000

            let hits =
                Seq.init draws (fun i ->
                    let mutable random = ViewRandom.For(3UL, 1, i, 2)
                    if random.Chance 0.3 then 1.0 else 0.0)
                |> Seq.average

            Expect.isLessThan (abs (hits - 0.3)) 0.013 "four standard deviations"
        }
    ]
