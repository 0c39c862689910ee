"""Phrasings. The second list of each kind is asked in the evaluation only."""

QUESTIONS: dict[str, tuple[list[str], list[str]]] = {
    "name": (
        ["What is this?", "What's this?", "what is this", "What is it?", "What is in the picture?", "What do you see?", "What do you see here?", "Name this.", "What is this called?",
         "Can you tell me what this is?", "Describe the image.", "Describe the picture.", "What object is this?", "What does the picture show?", "Tell me what this is.", "What is shown here?",
         "What am I looking at?", "What's in this image?", "Do you know what this is?", "Please name the object.", "Please describe this picture.", "", "What can you see?", "what's that?", "What is that?"],
        ["What can you see in this picture?", "Please tell me what this is.", "What's in the picture?", "Can you name this?", "What does this image show?", "Do you know what that is?"],
    ),
    "group": (
        ["What kind of thing is this?", "What kind of thing is it?", "Is it an animal, a plant, food or a thing?", "Which group does it belong to?", "What category is this?", "What sort of thing is this?"],
        ["What sort of thing is it?", "Which category does this belong to?"],
    ),
    "check": (
        ["Is this {x}?", "is this {x}", "Is it {x}?", "Is that {x}?", "Does the picture show {x}?", "Do you see {x}?"],
        ["Can you see {x}?", "Is there {x} in the picture?"],
    ),
    "shape": (
        ["What shape is it?", "What shape is this?", "Which shape is this?", "What shape do you see?", "Name the shape.", "What is the shape?"],
        ["Which shape do you see?", "What shape is that?"],
    ),
    "colour": (
        ["What color is it?", "What color is this?", "What colour is it?", "Which color is it?", "What is the color?", "Name the color.", "What color do you see?", "What colour is this?"],
        ["Which color do you see?", "What color is that?", "Tell me the color."],
    ),
    "count": (
        ["How many are there?", "How many shapes are there?", "How many do you see?", "Count them.", "How many shapes do you see?", "Count the shapes.", "How many things are in the picture?"],
        ["How many can you see?", "How many things are there?"],
    ),
    "position": (
        ["Where is it?", "Where is the shape?", "Where in the picture is it?", "Where do you see it?", "In which part of the picture is it?"],
        ["Where is the shape in the picture?", "Where can you see it?"],
    ),
    "speech": (
        ["What did I say?", "What did I just say?", "Which word did I say?", "What word is this?", "Which word was that?", "What word do you hear?", "Repeat what I said.", "Write down what I said.", "what did i say", "", "Listen."],
        ["Which word do you hear?", "Tell me what I said.", "What was the word?"],
    ),
    "sound": (
        ["What is this sound?", "What do you hear?", "What sound is this?", "Which instrument is this?", "Which instrument do you hear?", "What can you hear?", "What makes this sound?", "Name the sound.", "what do you hear", "", "Listen."],
        ["Which sound is this?", "What is making this sound?", "Tell me what you hear."],
    ),
}
